import { KUBECTL } from "../../../providers/host/shell/kubectl";
import { datapathLines } from "./cilium-datapath";
import type { Values } from "../values";

/**
 * What the cluster must be like before Cilium is installed or changed: nobody else does the work that it is told to do.
 *
 * The values that touch traffic stand in it as comments, because a preview compares a script line by line: so a change says what
 * it disrupts, before it is made.
 */
export function ciliumChecksScript(values: Values): string {
  return `# A change of one of these restarts Cilium on every node, one after the other. Running pods keep their network, but for:
${datapathLines(values)
  .map((line) => `# ${line}`)
  .join("\n")}
${isOff(values.kubeProxyReplacement) ? "" : REFUSE_KUBE_PROXY}`;
}

const REFUSE_KUBE_PROXY = `${KUBECTL}
found=$(kubectl -n kube-system get daemonsets,pods -l k8s-app=kube-proxy -o name) || die "the cluster can't be asked for a kube-proxy" "see the message above"
if [ -n "$found" ]; then
  echo "$found" >&2
  die "there is a kube-proxy (above), and Cilium would do the same work beside it: both would translate services" "remove it with 'kubectl -n kube-system delete daemonset/kube-proxy configmap/kube-proxy' and restart the nodes, whose iptables rules it leaves; or keep it and set addons.cilium.values.kubeProxyReplacement: false"
fi
`;

/** As Helm takes it: a boolean, or its text. */
function isOff(value: unknown): boolean {
  return value === false || value === "false";
}
