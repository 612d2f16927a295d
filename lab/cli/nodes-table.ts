import * as https from "node:https";
import { load } from "js-yaml";
import { Failure } from "./failure";

/** How long the API may take to answer, in milliseconds. */
const ANSWER_MS = 10_000;

/** The part of a kubeconfig of one cluster and one user that is needed to ask the API. */
interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

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
  const { clusters, users } = load(kubeconfig) as Kubeconfig;
  const cluster = clusters[0]?.cluster;
  const user = users[0]?.user;
  if (!cluster || !user) throw new Failure("the stack's kubeconfig names no cluster or no user");
  const decoded = (text: string): Buffer => Buffer.from(text, "base64");
  const text = await get(new URL("/api/v1/nodes", cluster.server), {
    ca: decoded(cluster["certificate-authority-data"]),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  });
  return (JSON.parse(text) as { items: ClusterNode[] }).items;
}

function get(url: URL, options: https.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (why: string): void =>
      reject(new Failure(`${url.host}: asking the Kubernetes API for its nodes failed: ${why}`));
    const request = https.get(url, { ...options, timeout: ANSWER_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => (response.statusCode === 200 ? resolve(body) : failed(`HTTP ${response.statusCode}`)));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
    request.on("error", (error) => failed(error.message));
  });
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
