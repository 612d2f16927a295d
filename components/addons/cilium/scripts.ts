import { readShell } from "../../../providers/host/shell/library";
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
${isOff(values.kubeProxyReplacement) ? "" : readShell(__dirname, "refuse-kube-proxy.sh")}`;
}

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
