/** The parts of Kubernetes' objects that checks read. */

export interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionTimestamp?: string;
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export interface Node {
  metadata: Metadata;
  spec?: { taints?: Taint[]; unschedulable?: boolean };
  status: { conditions?: Condition[]; addresses?: { type: string; address: string }[] };
}

interface ContainerStatus {
  name: string;
  restartCount: number;
  state?: { waiting?: { reason?: string; message?: string } };
  lastState?: { terminated?: { reason?: string; finishedAt?: string } };
}

export interface Pod {
  metadata: Metadata;
  spec: { nodeName?: string };
  status: {
    phase?: string;
    podIP?: string;
    reason?: string;
    message?: string;
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface Service {
  metadata: Metadata;
  spec: { clusterIP: string; ports: { port: number; nodePort?: number }[] };
}

/** A Deployment, a StatefulSet or a DaemonSet. */
export interface Workload {
  metadata: Metadata;
  spec: { replicas?: number };
  status: { readyReplicas?: number; desiredNumberScheduled?: number; numberReady?: number };
}

export function condition({ status }: { status: { conditions?: Condition[] } }, type: string): Condition | undefined {
  return status.conditions?.find((found) => found.type === type);
}

export function isReady(object: Node | Pod): boolean {
  return condition(object, "Ready")?.status === "True";
}

export function internalIp({ status }: Node): string | undefined {
  return status.addresses?.find(({ type }) => type === "InternalIP")?.address;
}

/** Why a pod does not run, in the cluster's words. */
export function whyNotRunning({ status }: Pod): string {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = containers.find(({ state }) => state?.waiting?.reason)?.state?.waiting;
  if (waiting) return [waiting.reason, waiting.message].filter(Boolean).join(": ");
  const unscheduled = status.conditions?.find(({ type, status: value }) => type === "PodScheduled" && value !== "True");
  const said = unscheduled ?? status;
  return [said.reason, said.message].filter(Boolean).join(": ") || `it is ${status.phase ?? "unknown"}`;
}
