import { KUBECTL } from "../../shell/kubectl";
import { type Values } from "./values";

/**
 * The values whose change restarts more than it seems, by what it does to a running cluster. They stand as comments in a script that
 * a preview compares line by line: so a change says what it disrupts, before it is made.
 */
const DATAPATH: Readonly<Record<string, string>> = {
  kubeProxyReplacement: "services stop answering while the agents restart, and connections to them break",
  routingMode:
    "pods on different nodes don't reach each other until every agent has restarted; then their connections break",
  tunnelProtocol: "pods on different nodes don't reach each other until every agent has restarted",
  ipv4NativeRoutingCIDR: "what leaves the pods' network gets another source address; connections break",
  autoDirectNodeRoutes: "routes between the nodes are made anew",
  MTU: "pods keep the old MTU until they are made again",
  "ipam.mode": "pods keep addresses that the new mode doesn't know: it is for a new cluster only",
  "socketLB.enabled": "connections of pods to services break",
  "socketLB.hostNamespaceOnly": "connections of pods to services break; Tailscale and service meshes need true",
  "bpf.masquerade": "connections from pods out of the cluster break",
  enableIPv4Masquerade: "connections from pods out of the cluster break",
  "encryption.enabled": "pods on different nodes don't reach each other until every agent has restarted",
  "encryption.type": "pods on different nodes don't reach each other until every agent has restarted",
  "loadBalancer.mode": "connections from outside to services break",
  devices: "connections from outside to services break",
  "cni.exclusive": "other network plugins' configurations are set aside, or left alone, from the next start on",
};

/** What the cluster must be like before Cilium is installed or changed: nobody else does the work that it is told to do. */
export function ciliumChecksScript(values: Values): string {
  return `# A change of one of these restarts Cilium on every node, one after the other. Running pods keep their network, but for:
${Object.entries(DATAPATH)
  .map(([name, effect]) => [name, effect, valueAt(values, name)] as const)
  .filter(([, , value]) => value !== undefined)
  .map(([name, effect, value]) => `# ${name} = ${shown(value)}: ${effect}`)
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

function valueAt(values: Values, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);
}

/** As one line of a comment. */
function shown(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, "?");
}
