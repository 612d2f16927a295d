import { quote } from "../../../providers/host/shell/quote";
import type { Values } from "../values";
import { effects } from "./effects";

/**
 * What the cluster must be like before Cilium is installed or changed: nothing else does the work that Cilium is told to do.
 *
 * The values that touch traffic are in it as comments, because a preview compares a script line by line: so a change says what it
 * disrupts, before it is made.
 */
export function ciliumChecksScript(values: Values): string {
  return `# A change of one of these restarts Cilium on every node, one after the other. Running pods keep their network, but for:
${effects(values)
  .map((line) => `# ${line}`)
  .join("\n")}
${isOff(values.kubeProxyReplacement) ? "" : REFUSE_KUBE_PROXY}`;
}

const REFUSE_KUBE_PROXY = `found=$(kubectl -n kube-system get daemonsets,pods -l k8s-app=kube-proxy -o name) || die "the cluster can't be asked for a kube-proxy" "see the message above"
if [ -n "$found" ]; then
  echo "$found" >&2
  die "there is a kube-proxy (above), and Cilium would do the same work beside it: both would translate services" "remove it with 'kubectl -n kube-system delete daemonset/kube-proxy configmap/kube-proxy' and restart the nodes, whose iptables rules it leaves; or keep it and set addons.cilium.values.kubeProxyReplacement: false"
fi
`;

/** As Helm takes it: a boolean, or its text. */
function isOff(value: unknown): boolean {
  return value === false || value === "false";
}

/** Images may have to come over a slow line; a cluster on a mirror needs well under a minute. */
const READY_SECONDS = 600;

/** Waits until every node is Ready and cluster DNS runs: what ordinary workloads need. */
export function readyScript(nodeNames: readonly string[]): string {
  const nodes = nodeNames.map((name) => quote(`node/${name}`)).join(" ");
  return `command kubectl wait --for condition=Ready --timeout ${READY_SECONDS}s ${nodes} >/dev/null || {
  kubectl get nodes -o wide >&2
  kubectl -n kube-system get pods -o wide >&2
  die "not every node is Ready after ${READY_SECONDS} s; see the node's kubelet (journalctl -u kubelet) and its cilium pod"
}
command kubectl -n kube-system rollout status deployment/coredns --timeout ${READY_SECONDS}s >/dev/null || {
  kubectl -n kube-system describe pods -l k8s-app=kube-dns >&2
  die "cluster DNS is not running after ${READY_SECONDS} s; see the events above"
}
`;
}
