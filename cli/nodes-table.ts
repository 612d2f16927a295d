import { KubernetesApi } from "../components/cluster/kubernetes-api";
import { Failure } from "../lab/run-program";

/** The part of a Node object that is shown. */
export interface ClusterNode {
  metadata: { name: string; labels?: Record<string, string> };
  status: {
    conditions?: { type: string; status: string; message?: string }[];
    addresses?: { type: string; address: string }[];
    nodeInfo: { kubeletVersion: string };
  };
}

/** Asks the cluster itself, by the kubeconfig. */
export async function clusterNodes(kubeconfig: string): Promise<ClusterNode[]> {
  const api = new KubernetesApi(kubeconfig);
  try {
    return await api.list<ClusterNode>("/api/v1/nodes");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `the Kubernetes API could not be asked for its nodes: ${why}`,
      "Run `make check`: it finds out more.",
    );
  } finally {
    api.close();
  }
}

/** A line for each node: name, role, Ready, version, address. */
export function nodesTable(nodes: ClusterNode[]): string[] {
  const rows = nodes.map((node) => [
    node.metadata.name,
    "node-role.kubernetes.io/control-plane" in (node.metadata.labels ?? {}) ? "control-plane" : "worker",
    readiness(node),
    node.status.nodeInfo.kubeletVersion,
    node.status.addresses?.find((address) => address.type === "InternalIP")?.address ?? "-",
  ]);
  return columns([["NAME", "ROLE", "READY", "VERSION", "ADDRESS"], ...rows]);
}

function readiness(node: ClusterNode): string {
  const ready = node.status.conditions?.find((condition) => condition.type === "Ready");
  return ready?.status === "True" ? "Ready" : "not ready";
}

/** True where every node is Ready. */
export function allReady(nodes: ClusterNode[]): boolean {
  return nodes.every((node) => readiness(node) === "Ready");
}

/** Cells under each other, the last column as long as it is. */
export function columns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}
