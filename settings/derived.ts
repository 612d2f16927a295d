import type { NodeSettings, Settings } from "./resolve";

/** kube-apiserver's own port. */
const API_SERVER_PORT = 6443;

/** The node's address in the cluster; `undefined` where the machine gets it when it starts (Multipass). */
export function nodeAddress(node: NodeSettings): string | undefined {
  if ("privateAddress" in node && node.privateAddress !== undefined) return node.privateAddress;
  return "address" in node ? node.address : undefined;
}

/**
 * Where nodes and people reach the API server: as set, else the first control plane. `host` is `undefined` where that
 * address is known only once the machine runs.
 */
export function controlPlaneEndpoint(settings: Settings): { host: string | undefined; port: number } {
  const { controlPlaneEndpoint: set } = settings.cluster;
  if (set) return { host: set.host, port: set.port };
  const nodes: readonly NodeSettings[] = settings.machines.nodes;
  const first = nodes.find(({ role }) => role === "control-plane");
  return { host: first && nodeAddress(first), port: API_SERVER_PORT };
}
