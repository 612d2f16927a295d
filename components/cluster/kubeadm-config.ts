import { createHash } from "node:crypto";
import { dump } from "js-yaml";
import type { ClusterSettings, NodeSettings } from "../../settings";

/**
 * kubeadm's configuration as plain objects (kubeadm.k8s.io/v1beta4). Pure; keys are sorted when they become text, so
 * that a change in the settings is one changed line in a preview.
 */

const KUBEADM_API = "kubeadm.k8s.io/v1beta4";
/** Where the scripts put a node's own kubelet settings. */
const PATCHES = { directory: "/var/lib/homelab/kubeadm/patches" };
const CRI_SOCKET = "unix:///run/containerd/containerd.sock";

/** The taint that keeps ordinary pods off a control plane; kubeadm sets it unless told otherwise. */
export const CONTROL_PLANE_TAINT: Taint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

/** What a node says of itself when it registers, and how long kubeadm waits meanwhile. */
interface NodeRegistration {
  name: string;
  /** The address that the node is reached by: a host may have several. */
  address: string;
  taints: readonly Taint[];
  ignorePreflightErrors: readonly string[];
  timeouts: Timeouts;
}

/** kubeadm's limits for one wait each, by its own names: durations of Go, as in "10m". */
type Timeouts = ClusterSettings["kubeadm"]["timeouts"];

/**
 * Arguments that the CIS Kubernetes Benchmark asks for and kubeadm doesn't set. A setting of the same name wins. A cluster keeps
 * those that it was made with: see `settingsHash`.
 */
const HARDENED = {
  apiServer: { profiling: "false", "service-account-extend-token-expiration": "false" },
  controllerManager: { profiling: "false" },
  scheduler: { profiling: "false" },
} as const;
const NOT_HARDENED: Record<keyof typeof HARDENED, Record<string, string>> = {
  apiServer: {},
  controllerManager: {},
  scheduler: {},
};

export interface Endpoint {
  host: string;
  port: number;
}

interface ClusterConfigArgs {
  clusterName: string;
  cluster: ClusterSettings;
  /** By which nodes and people reach the API server. */
  endpoint: Endpoint;
  /** Address of the control plane itself. */
  address: string;
}

/** The taints that a node is to have. `schedulable`: ordinary pods may run on the control plane. */
export function wantedTaints(node: Pick<NodeSettings, "role" | "taints">, schedulable: boolean): readonly Taint[] {
  return node.role === "control-plane" && !schedulable ? [CONTROL_PLANE_TAINT, ...node.taints] : node.taints;
}

/** As kubectl writes it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value ? `=${value}` : ""}:${effect}`;
}

/**
 * The taints that a node registers with. Later changes, and a control plane that has to take ordinary pods, are the
 * node-metadata step's: what is registered stays the same then.
 */
export function registrationTaints(node: Pick<NodeSettings, "role" | "taints">): Taint[] {
  return node.role === "control-plane" ? [CONTROL_PLANE_TAINT] : [...node.taints];
}

/** kubeadm's InitConfiguration, as YAML text. It matters once, when the node registers. */
export function initRegistration(args: { endpoint: Endpoint; node: NodeRegistration }): string {
  return toYaml([
    {
      apiVersion: KUBEADM_API,
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: args.node.address, bindPort: args.endpoint.port },
      nodeRegistration: nodeRegistration(args.node),
      patches: PATCHES,
      // Cilium does kube-proxy's work from the first packet on.
      skipPhases: ["addon/kube-proxy"],
      timeouts: args.node.timeouts,
    },
  ]);
}

/** kubeadm's ClusterConfiguration and every kubelet's KubeletConfiguration, as YAML text. */
export function clusterConfig(args: ClusterConfigArgs): string {
  return configOf(args, HARDENED);
}

/**
 * Tells a cluster of the same settings that was made before `HARDENED`: SHA-256, in hexadecimal, of what `clusterConfig` would be
 * without it. To add it would restart the API server, which no `up` does on a running cluster.
 */
export function settingsHash(args: ClusterConfigArgs): string {
  return createHash("sha256").update(configOf(args, NOT_HARDENED)).digest("hex");
}

function configOf(args: ClusterConfigArgs, added: typeof HARDENED | typeof NOT_HARDENED): string {
  const { cluster, endpoint } = args;
  const component = (name: keyof typeof HARDENED) =>
    extraArgs({ ...added[name], ...cluster[name].extraArgs }, cluster.featureGates);
  return toYaml([
    {
      apiVersion: KUBEADM_API,
      kind: "ClusterConfiguration",
      clusterName: args.clusterName,
      kubernetesVersion: `v${cluster.kubernetesVersion}`,
      controlPlaneEndpoint: `${endpoint.host}:${endpoint.port}`,
      networking: {
        podSubnet: cluster.podSubnet,
        serviceSubnet: cluster.serviceSubnet,
        dnsDomain: cluster.dnsDomain,
      },
      apiServer: {
        certSANs: [...new Set([endpoint.host, args.address, ...cluster.certSANs])],
        ...component("apiServer"),
      },
      controllerManager: component("controllerManager"),
      scheduler: component("scheduler"),
      proxy: { disabled: true },
    },
    kubeletConfiguration(cluster),
  ]);
}

/**
 * The document of `kubeadm join --config`, but for its `discovery`: that needs a token, which is made when it is used
 * and is never in a state.
 */
export function joinConfig(node: NodeRegistration): Record<string, unknown> {
  return {
    apiVersion: KUBEADM_API,
    kind: "JoinConfiguration",
    nodeRegistration: nodeRegistration(node),
    patches: PATCHES,
    timeouts: node.timeouts,
  };
}

function nodeRegistration(node: NodeRegistration) {
  return {
    name: node.name,
    criSocket: CRI_SOCKET,
    // An empty list is not the same as none: it says that there are no taints, whatever kubeadm's default is.
    taints: node.taints,
    kubeletExtraArgs: [{ name: "node-ip", value: node.address }],
    imagePullPolicy: "IfNotPresent",
    ignorePreflightErrors: node.ignorePreflightErrors,
  };
}

function extraArgs(given: Readonly<Record<string, string>>, featureGates: Readonly<Record<string, boolean>>) {
  const args: Record<string, string> = { ...given };
  const gates = Object.entries(featureGates).map(([gate, on]) => `${gate}=${on}`);
  if (gates.length > 0) args["feature-gates"] = gates.sort().join(",");
  const names = Object.keys(args).sort();
  return names.length === 0 ? {} : { extraArgs: names.map((name) => ({ name, value: args[name] })) };
}

/** Settings of every kubelet. kubeadm stores them in the cluster and hands them to each node that joins. */
function kubeletConfiguration(cluster: ClusterSettings) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    // The cgroup driver is not set: kubelet takes it from containerd, whose step chose it by the host's cgroup version.
    ...cluster.kubelet,
    ...(Object.keys(cluster.featureGates).length > 0 ? { featureGates: cluster.featureGates } : {}),
  };
}

/** Kubelet settings of one node, as a kubeadm patch; empty where it has none of its own. */
export function kubeletPatch(node: Pick<NodeSettings, "kubelet">): string {
  return Object.keys(node.kubelet ?? {}).length > 0 ? toYaml([node.kubelet ?? {}]) : "";
}

/** Several YAML documents in one text; sorted keys, no folding of long lines. */
function toYaml(documents: object[]): string {
  return documents.map((document) => dump(withoutUndefined(document), { sortKeys: true, lineWidth: -1 })).join("---\n");
}

function withoutUndefined(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
