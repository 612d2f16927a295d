import { KUBECTL } from "../host/shell/kubectl";
import { LONGHORN_VOLUMES, MOVING_AWAY } from "../host/shell/longhorn";
import { quote } from "../host/shell/quote";
import { KUBEADM_STATE } from "./kubeadm-state";
import { kubeletPatchFunctions } from "./kubelet-patch-script";

export interface JoinScriptArgs {
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

/** Takes a token back, by its public part. */
export function deleteTokenScript(tokenId: string): string {
  return `kubeadm token delete ${quote(tokenId)} >/dev/null
`;
}

/** kubeadm itself would try for five minutes, and not say what it can't reach. */
const API_LIMIT_SECONDS = 60;

/**
 * `kubeadm join`, guarded: a node of this cluster is left as it is; one that we began, or that was in a cluster that is
 * gone, is reset first; anything else that looks like Kubernetes is refused. `known` says whether the API has the node.
 */
export function joinScript(args: JoinScriptArgs, known: boolean): string {
  return `state=${KUBEADM_STATE}
log=/var/log/homelab/kubeadm-join.log
cluster=${quote(args.cluster)}
install -d -m 0700 "$state" "$state/patches" /var/log/homelab

if [ "$(cat "$state/joined" 2>/dev/null)" = "$cluster" ] && ${known ? "[ -s /etc/kubernetes/kubelet.conf ]" : "false"}; then
  systemctl start kubelet
  exit 0
fi
endpoint=${quote(args.endpoint)}
deadline=$((SECONDS + ${API_LIMIT_SECONDS}))
until timeout 5 bash -c '</dev/tcp/\${0%:*}/\${0##*:}' "$endpoint" 2>/dev/null; do
  [ "$SECONDS" -lt "$deadline" ] ||
    die "the API server at $endpoint can't be reached from this host (tried for ${API_LIMIT_SECONDS} s)" "does a firewall stand between, and is the address right? Nothing was changed"
  sleep 2
done
if [ -e "$state/joining" ] || [ -e "$state/joined" ]; then
  kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock >>"$log" 2>&1
  rm -f "$state/joined"
else
  for file in /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf /var/lib/etcd/member; do
    [ ! -e "$file" ] ||
      die "there is a Kubernetes node that this program did not make ($file exists); nothing was changed; if it may go, run 'kubeadm reset' on the host, then repeat"
  done
fi
touch "$state/joining"

${kubeletPatchFunctions(args.kubeletPatch)}write_kubelet_patch

# /run is in memory: the token never reaches a disk.
config=/run/homelab-join.yaml
trap 'rm -f "$config"' EXIT
(umask 077 && printf '%s' ${quote(args.config)} >"$config")
: >"$log"
kubeadm join --config "$config" >>"$log" 2>&1 || {
  grep -vi token "$log" | tail -n 25 >&2
  die "'kubeadm join' failed; all of its output is in $log"
}
printf '%s\\n' "$cluster" >"$state/joined"
rm -f "$state/joining"
`;
}

/** Brings a running kubelet to the node's own settings. */
export function kubeletSettingsScript(patch: string): string {
  return `install -d -m 0700 /var/log/homelab
${kubeletPatchFunctions(patch)}apply_kubelet_patch /var/log/homelab/kubelet-settings.log
`;
}

/** Says whether the API server has the node; prints `yes` or `no`. */
export function knownNodeScript(node: string): string {
  return `if kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 10s get node ${quote(node)} -o name >/dev/null 2>&1; then
  echo yes
else
  echo no
fi
`;
}

const DRAIN_LIMIT_SECONDS = 180;

/**
 * Moves the node's pods away, as far as their disruption budgets allow within the limit, and takes it out of the cluster.
 *
 * A kubelet that no longer speaks can't end its pods, so a drain would wait for ever: its node is deleted at once, and the
 * control plane then replaces its pods. That it is gone may also show while its drain waits.
 *
 * A node that alone has a volume's data stays, unless it is silent. Prints what the person at the terminal must know.
 */
export function removeNodeScript(node: string): string {
  return `node=${quote(node)}
${KUBECTL}
${LONGHORN_VOLUMES}
is_silent() {
  [ "$(kubectl get node "$node" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = Unknown ]
}
blocking_budgets() {
  kubectl get poddisruptionbudgets --all-namespaces --no-headers \\
    -o custom-columns='N:.metadata.namespace,B:.metadata.name,A:.status.disruptionsAllowed' 2>/dev/null |
    awk '$3 == 0 { printf "%s%s/%s", n++ ? ", " : "", $1, $2 }' || true
}
drain() {
  command kubectl --kubeconfig /etc/kubernetes/admin.conf drain "$node" --ignore-daemonsets --delete-emptydir-data \\
    --timeout ${DRAIN_LIMIT_SECONDS}s >&2
}
if [ -n "$(kubectl get node "$node" --ignore-not-found -o name)" ]; then
  only_here=$(volumes_only_on "$node")
  if is_silent; then
    echo "its kubelet does not answer; the node is deleted without a drain"
    [ -z "$only_here" ] ||
      echo "of these volumes Longhorn has no good copy elsewhere: $only_here; what they held is on the host's disk alone"
  elif [ -n "$only_here" ]; then
    die "$node alone has the data of $only_here; the node was left as it is" "take it into the inventory again, run pulumi up, and ${MOVING_AWAY}. Volumes that nobody needs can be deleted there instead"
  elif ! drain && ! is_silent; then
    budgets=$(blocking_budgets)
    die "the pods of $node could not all be moved away within ${DRAIN_LIMIT_SECONDS} s, see the lines above\${budgets:+; these disruption budgets allow none to go: $budgets}" "give them room elsewhere (more replicas, another node), or drain it by hand, then repeat; until then $node takes no new pods"
  fi
  kubectl delete node "$node" >&2
fi
`;
}

/** Takes kubeadm's traces off a node that this program joined. */
export function leaveScript(): string {
  return `state=${KUBEADM_STATE}
if [ -e "$state/joined" ] || [ -e "$state/joining" ]; then
  kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock >/dev/null 2>&1 ||
    die "'kubeadm reset' failed; run it by hand on the host to see why"
  rm -rf "$state"
fi
`;
}
