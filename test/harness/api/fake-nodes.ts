import { ApiRefusal } from "../../../components/cluster/kubernetes-api";
import { repeat } from "../eventually";
import type { ApiServer } from "./api-server";

export interface FakeNode {
  name: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  taints?: readonly { key: string; value?: string; effect: string }[];
}

export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    ownerReferences?: { kind: string; name: string }[];
  };
  spec: { nodeName?: string; containers: { name: string; image: string }[] };
  status: { phase: string };
}

/** What a job's pod does: answers whether it succeeded. */
export type Work = () => Promise<boolean>;

const EVERY_MS = 250;

/**
 * Nodes of an API server without machines, with fake kubelets: what is scheduled there runs and is ready at
 * once, and a job's pods do what the test says.
 */
export class FakeNodes {
  private playing?: ReturnType<typeof repeat>;
  /** By the job's name; the pods of another job succeed. */
  readonly work: Record<string, Work> = {};

  private constructor(private readonly api: ApiServer) {}

  static async register(api: ApiServer, nodes: readonly FakeNode[]): Promise<FakeNodes> {
    for (const node of nodes) await register(api, node);
    const fake = new FakeNodes(api);
    fake.playing = repeat(() => fake.play(), EVERY_MS);
    return fake;
  }

  async stop(): Promise<void> {
    await this.playing?.stop();
  }

  private async play(): Promise<void> {
    const { items } = await this.api.request<{ items: Pod[] }>("GET", "/api/v1/pods");
    for (const pod of items) await this.attend(pod).catch((error: unknown) => this.failed(pod, error));
  }

  /** Printed, so that the test that waits for the pod can be understood. */
  private failed({ metadata }: Pod, error: unknown): void {
    // It may have been deleted or changed in the meantime.
    if (error instanceof ApiRefusal && (error.status === 404 || error.status === 409)) return;
    process.stderr.write(`the fake kubelet failed at the pod ${metadata.name}: ${String(error)}\n`);
  }

  private async attend(pod: Pod): Promise<void> {
    const { name, namespace, deletionTimestamp, ownerReferences = [] } = pod.metadata;
    const at = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (deletionTimestamp) {
      await this.api.request("DELETE", `${at}?gracePeriodSeconds=0`);
    } else if (pod.spec.nodeName && pod.status.phase === "Pending") {
      const job = ownerReferences.find(({ kind }) => kind === "Job")?.name;
      const work = job ? (this.work[job] ?? (() => Promise.resolve(true))) : undefined;
      const phase = work ? ((await work()) ? "Succeeded" : "Failed") : "Running";
      await this.api.request("PATCH", `${at}/status`, { status: statusOf(pod, phase) });
    }
  }
}

async function register(api: ApiServer, { name, labels, annotations, taints = [] }: FakeNode): Promise<void> {
  const room = { cpu: "8", memory: "16Gi", pods: "110" };
  await api.request("POST", "/api/v1/nodes", {
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels }, annotations },
    status: { capacity: room, allocatable: room, conditions: [{ type: "Ready", status: "True" }] },
  });
  // A node registers with a taint that goes when it is Ready.
  await api.request("PATCH", `/api/v1/nodes/${name}`, { spec: { taints } });
}

function statusOf({ spec }: Pod, phase: string) {
  const running = phase === "Running";
  const now = new Date().toISOString();
  const state = running
    ? { running: { startedAt: now } }
    : { terminated: { exitCode: phase === "Succeeded" ? 0 : 1, startedAt: now, finishedAt: now } };
  return {
    phase,
    startTime: now,
    conditions: ["Ready", "ContainersReady"].map((type) => ({ type, status: running ? "True" : "False" })),
    containerStatuses: spec.containers.map(({ name, image }) => ({
      ...{ name, image, imageID: image, ready: running, started: running, restartCount: 0 },
      state,
    })),
  };
}
