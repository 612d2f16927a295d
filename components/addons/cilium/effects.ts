import type { Values } from "../values";

const UNTIL_RESTARTED = "pods on different nodes don't reach each other until every agent has restarted";
const FROM_OUTSIDE = "connections from outside to services break";
const TO_SERVICES = "connections of pods to services break";
const OUT_OF_THE_CLUSTER = "connections from pods out of the cluster break";
const OTHER_SOURCE = "what leaves the pods' network gets another source address; connections break";
const EMPTY_TABLES = "tables of connections are recreated, empty: connections break";
const ANNOUNCED = "other nodes, or none, announce the addresses of services: connections to them break";
const NO_API =
  "an agent that doesn't reach the API server there doesn't start: its node gets no new pods and sees no change";
const UNLISTED = "Cilium's documentation says what a change of it does to running traffic";

/**
 * What a change of a value does to a running cluster, by its path or that of a map around it; the longest one counts. Where nothing
 * is said, the value still shows.
 */
const DISRUPTIONS: Readonly<Record<string, string>> = {
  MTU: "pods keep the old MTU until they are recreated",
  autoDirectNodeRoutes: "routes between the nodes are recreated",
  bandwidthManager: "queues of the nodes' network devices are recreated: packets in them are lost",
  bgpControlPlane: ANNOUNCED,
  "bpf.ctAnyMax": EMPTY_TABLES,
  "bpf.ctTcpMax": EMPTY_TABLES,
  "bpf.datapathMode":
    "Cilium doesn't start beside pods that have network devices of the other kind: cordon and drain the nodes first",
  "bpf.distributedLRU": EMPTY_TABLES,
  "bpf.hostLegacyRouting":
    "packets of pods take another way through the host, by its iptables or past them; connections break",
  "bpf.lbMapMax": "the table of services is recreated: connections to services break while it fills",
  "bpf.mapDynamicSizeRatio": EMPTY_TABLES,
  "bpf.masquerade": OUT_OF_THE_CLUSTER,
  "bpf.natMax": EMPTY_TABLES,
  "bpf.preallocateMaps": EMPTY_TABLES,
  "bpf.tproxy": "connections that go through Cilium's proxy break: policies for HTTP and DNS, Ingress, Gateway API",
  cleanBpfState: "while it is true, connections to services break whenever an agent starts: it is for one repair",
  cleanState:
    "while it is true, an agent that starts forgets its pods: they lose their network until they are recreated",
  "cni.exclusive": "other network plugins' configurations are set aside, or left alone, from the next start on",
  devices: FROM_OUTSIDE,
  egressGateway: "what a gateway sends out for pods gets another source address; connections break",
  enableIPv4Masquerade: OUT_OF_THE_CLUSTER,
  enableIPv6Masquerade: OUT_OF_THE_CLUSTER,
  encryption: UNTIL_RESTARTED,
  "encryption.nodeEncryption":
    "nodes that are not control planes don't reach each other until every agent has restarted",
  endpointRoutes: "routes to pods are recreated on each node; connections break",
  hostFirewall: "policies for nodes take effect, or end: one that forgets SSH or the API server locks you out",
  ipMasqAgent: OTHER_SOURCE,
  "ipam.mode": "pods keep addresses that the new mode doesn't know: it is for a new cluster only",
  ipv4: "pods get addresses of another family, or none, when they are recreated",
  ipv4NativeRoutingCIDR: OTHER_SOURCE,
  ipv6: "agents don't start on nodes without an IPv6 subnet for pods; pods get such addresses when they are recreated",
  ipv6NativeRoutingCIDR: OTHER_SOURCE,
  k8sServiceHost: NO_API,
  k8sServicePort: NO_API,
  kubeProxyReplacement: "services stop answering while the agents restart, and connections to them break",
  l2announcements: ANNOUNCED,
  "loadBalancer.acceleration":
    "network devices may go down while they load another program: connections pause or break",
  "loadBalancer.algorithm": "connections from outside to services reach other pods, and break",
  "loadBalancer.dsrDispatch": FROM_OUTSIDE,
  "loadBalancer.mode": FROM_OUTSIDE,
  maglev: "connections from outside to services reach other pods, and break",
  nodePort: FROM_OUTSIDE,
  routingMode: `${UNTIL_RESTARTED}; then their connections break`,
  "socketLB.enabled": TO_SERVICES,
  "socketLB.hostNamespaceOnly": `${TO_SERVICES}; Tailscale and service meshes need true`,
  tunnelPort: `${UNTIL_RESTARTED}; firewalls must let the new port through`,
  tunnelProtocol: `${UNTIL_RESTARTED}; firewalls must let its port through`,
  underlayProtocol: UNTIL_RESTARTED,
};

/** Values that don't touch the datapath: they are for observation, or say how the agents run. */
const BESIDE = [
  ...["annotations", "certgen", "commonLabels", "dashboards", "hubble", "image", "imagePullSecrets", "operator"],
  ...["podAnnotations", "podLabels", "pprof", "preflight", "prometheus", "resources", "rollOutCiliumPods"],
  ...["securityContext", "updateStrategy"],
];
/** By this name the chart has certificates with their keys, at any depth. */
const KEYS = "tls";

/** Each value that may touch traffic, and what its change does: one line each, in an order that doesn't follow the values' own. */
export function effects(values: Values): string[] {
  const others = Object.entries(values).filter(([name]) => !BESIDE.includes(name));
  return leaves(Object.fromEntries(others))
    .map(({ path, value }) => `${shownPath(path)} = ${shown(value)}: ${effectOf(path)}`)
    .sort();
}

interface Leaf {
  path: readonly string[];
  value: unknown;
}

/** Scalars, lists, and maps that are empty. */
function leaves(value: unknown, path: readonly string[] = []): Leaf[] {
  if (value === undefined) return [];
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [{ path, value }];
  const entries = Object.entries(value).filter(([name]) => name !== KEYS);
  return entries.length === 0 && path.length > 0
    ? [{ path, value: {} }]
    : entries.flatMap(([name, inner]) => leaves(inner, [...path, name]));
}

function effectOf(path: readonly string[]): string {
  const around = path.map((_name, index) => path.slice(0, path.length - index).join("."));
  return around.map((name) => DISRUPTIONS[name]).find((effect) => effect !== undefined) ?? UNLISTED;
}

function shownPath(path: readonly string[]): string {
  return path.map((name) => (/^[\w-]+$/.test(name) ? name : shown(name))).join(".");
}

/** As part of one line of a comment. */
function shown(value: unknown): string {
  return JSON.stringify(value, (name, inner: unknown) => (name === KEYS ? undefined : inner)).replace(/[^ -~]/g, "?");
}
