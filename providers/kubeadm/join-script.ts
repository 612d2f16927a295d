import { nodePorts } from "../host/preflight/ports";
import { readShell } from "../host/shell/library";
import { quote } from "../host/shell/quote";

interface PrepareJoinArgs {
  /** Address and port of the API server, as in "10.90.0.11:6443". */
  endpoint: string;
  /** Identity of the cluster: tells a node of this cluster from one that was in another. */
  cluster: string;
  /** The API server has a node of this name. */
  known: boolean;
}

interface JoinScriptArgs {
  /** JoinConfiguration with the token: this script goes over stdin and is never stored. */
  config: string;
  kubeletPatch: string;
  /** As in `PrepareJoinArgs`. */
  cluster: string;
}

/** The TCP ports of a worker: free again before kubeadm runs a second time. */
const WORKER_PORTS = nodePorts("worker");

/**
 * `kubeadm token create` on the control plane; prints the command that a person would type, which holds token and hash.
 *
 * @param seconds how long the token is valid
 */
export function joinTokenScript(node: string, seconds: number): string {
  return `kubeadm token create --ttl ${seconds}s --description ${quote(`homelab: join of ${node}`)} --print-join-command 2>/dev/null
`;
}

/** Deletes a token, by its public part. */
export function deleteTokenScript(tokenId: string): string {
  return `kubeadm token delete ${quote(tokenId)} >/dev/null
`;
}

/**
 * Before `kubeadm join`: a node of this cluster is left as it is, and `joined` is printed; what we began, or what was in a cluster
 * that is gone, is taken back; anything else that looks like Kubernetes is refused.
 */
export function prepareJoinScript({ endpoint, cluster, known }: PrepareJoinArgs): string {
  return `cluster=${quote(cluster)} known=${known ? "yes" : "no"}
endpoint=${quote(endpoint)}
ports=${quote(WORKER_PORTS.join(" "))}
${readShell(__dirname, "join-prepare.sh")}`;
}

/**
 * On the control plane, where the API server has a node of this name although its host hasn't joined: kubeadm refuses the name as
 * long as that node is Ready, which the node of a taken back join is for most of a minute.
 */
export function awaitSilentNodeScript(node: string): string {
  return `node=${quote(node)}
is_not_ready() {
  [ "$(kubectl get node "$node" --ignore-not-found -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" != True ]
}
poll ${SILENCE_SECONDS} is_not_ready || die "the cluster has a node $node that is Ready, and it is not this host" "give this host another name in homelab:machines; or take the other one away ('kubectl delete node $node')"
`;
}

/** The control plane takes a kubelet for dead after 50 s without its lease. */
const SILENCE_SECONDS = 120;

/** `kubeadm join`, on a host that was prepared. */
export function joinScript(args: JoinScriptArgs): string {
  return `cluster=${quote(args.cluster)}
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
