import { readShell } from "../host/shell/library";
import { quote } from "../host/shell/quote";

interface JoinScriptArgs {
  /** JoinConfiguration with the token: this script goes over stdin and is never stored. */
  config: string;
  kubeletPatch: string;
  /** Address and port of the API server, as in "10.90.0.11:6443". */
  endpoint: string;
  /** Identity of the cluster: tells a node of this cluster from one that was in another. */
  cluster: string;
}

/** `kubeadm token create` on the control plane; prints the command that a person would type, which holds token and hash. */
export function joinTokenScript(node: string): string {
  return `kubeadm token create --ttl 15m --description ${quote(`homelab: join of ${node}`)} --print-join-command 2>/dev/null
`;
}

/** Deletes a token, by its public part. */
export function deleteTokenScript(tokenId: string): string {
  return `kubeadm token delete ${quote(tokenId)} >/dev/null
`;
}

/**
 * `kubeadm join`, guarded: a node of this cluster is left as it is; one that we began, or that was in a cluster that is
 * gone, is reset first; anything else that looks like Kubernetes is refused. `known` says whether the API has the node.
 */
export function joinScript(args: JoinScriptArgs, known: boolean): string {
  return `cluster=${quote(args.cluster)} known=${known ? "yes" : "no"}
endpoint=${quote(args.endpoint)}
config=${quote(args.config)}
patch=${quote(args.kubeletPatch)}
${readShell(__dirname, "join.sh")}`;
}

/** Brings a running kubelet to the node's own settings. */
export function kubeletSettingsScript(patch: string): string {
  return `install -d -m 0700 /var/log/homelab
apply_kubelet_patch ${quote(patch)} /var/log/homelab/kubelet-settings.log
`;
}

/** Says whether the API server has the node; prints `yes` or `no`. */
export function knownNodeScript(node: string): string {
  return `if kubectl get node ${quote(node)} -o name >/dev/null 2>&1; then echo yes; else echo no; fi
`;
}

/**
 * Moves the node's pods away, as far as their disruption budgets allow within the limit, and takes it out of the cluster.
 *
 * A kubelet that no longer answers can't end its pods, so a drain would wait for ever: its node is deleted at once, and the
 * control plane then replaces its pods. That it is gone may also show while its drain waits.
 *
 * A node that alone has a volume's data stays, unless its kubelet doesn't answer. Prints what the person at the terminal must know.
 */
export function removeNodeScript(node: string): string {
  return `node=${quote(node)}
${readShell(__dirname, "remove-node.sh")}`;
}

/** Removes what kubeadm left on a node that this program joined. */
export function leaveScript(): string {
  return readShell(__dirname, "leave.sh");
}
