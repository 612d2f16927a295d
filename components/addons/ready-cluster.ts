import { quote } from "../../providers/host/shell/quote";

/** Images may have to come over a slow line; a cluster on a mirror needs well under a minute. */
const LIMIT_SECONDS = 600;

/** Waits until every node is Ready and cluster DNS runs: what ordinary workloads need. */
export function readyScript(nodeNames: readonly string[]): string {
  const nodes = nodeNames.map((name) => quote(`node/${name}`)).join(" ");
  return `kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
kubectl wait --for condition=Ready --timeout ${LIMIT_SECONDS}s ${nodes} >/dev/null || {
  kubectl get nodes -o wide >&2
  kubectl -n kube-system get pods -o wide >&2
  die "not every node is Ready after ${LIMIT_SECONDS} s; look at the node's kubelet (journalctl -u kubelet) and at its cilium pod"
}
kubectl -n kube-system rollout status deployment/coredns --timeout ${LIMIT_SECONDS}s >/dev/null || {
  kubectl -n kube-system describe pods -l k8s-app=kube-dns >&2
  die "cluster DNS is not running after ${LIMIT_SECONDS} s; see the events above"
}
`;
}
