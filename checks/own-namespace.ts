import { randomBytes } from "node:crypto";
import * as os from "node:os";
import { poll } from "../providers/poll";
import { isMissing, type KubernetesApi } from "../components/cluster/kubernetes-api";
import type { Metadata } from "./kubernetes-objects";

/** On every namespace of a check. */
export const CHECK_LABEL = "homelab/check";
/** Who made it: `<workstation>:<process id>`. */
const MAKER = "homelab/checked-by";
/** No check takes longer, in minutes: what is older was left by one that was killed. */
const LONGEST_CHECK_MINUTES = 15;
/** On volumes that a StorageClass' provisioner made. */
const PROVISIONED = "pv.kubernetes.io/provisioned-by";
/** How long what a check made may take to go, in seconds. */
const REMOVAL_SECONDS = 90;

interface Namespace {
  metadata: Metadata;
}

interface Volume {
  metadata: Metadata;
  spec: { claimRef?: { namespace?: string }; persistentVolumeReclaimPolicy?: string };
}

/** What a killed check left behind, and what of another one's is left alone. */
interface Leftovers {
  removed: string[];
  inUse: string[];
}

/** The namespace of one check: made when it is first needed, removed with everything in it at the end. */
export class OwnNamespace {
  readonly name = `homelab-check-${randomBytes(4).toString("hex")}`;
  private made?: Promise<unknown>;
  private closed = false;

  constructor(private readonly api: KubernetesApi) {}

  /** Makes the namespace where it is not there yet. Answers the path of its objects of a kind, as in `pods`. */
  async path(kind: string, group = "api/v1"): Promise<string> {
    // A check that was ended may still be at work on its last step.
    if (this.closed) throw new Error(`the namespace ${this.name} was removed`);
    this.made ??= this.api.create("/api/v1/namespaces", {
      metadata: {
        name: this.name,
        labels: { [CHECK_LABEL]: "true", "pod-security.kubernetes.io/enforce": "restricted" },
        annotations: { [MAKER]: `${os.hostname()}:${process.pid}` },
      },
    });
    await this.made;
    return `/${group}/namespaces/${this.name}/${kind}`;
  }

  /** @throws Error where it is still there after the time that it may take */
  async remove(): Promise<void> {
    this.closed = true;
    await this.made?.catch(() => undefined);
    if (this.made) await removeNamespace(this.api, this.name);
  }
}

/** Removes what earlier checks left that were killed. One that may be at work, here or on another workstation, is left alone. */
export async function removeLeftovers(api: KubernetesApi): Promise<Leftovers> {
  const found = await api.list<Namespace>(`/api/v1/namespaces?labelSelector=${encodeURIComponent(CHECK_LABEL)}`);
  const names = (namespaces: Namespace[]) => namespaces.map(({ metadata }) => metadata.name);
  const dead = found.filter((namespace) => isLeftOver(namespace, new Date()));
  await Promise.all(names(dead).map((name) => removeNamespace(api, name)));
  return { removed: names(dead), inUse: names(found.filter((namespace) => !dead.includes(namespace))) };
}

/** Whether the check that made a namespace has ended. Its process tells, where it ran on this workstation. */
export function isLeftOver({ metadata }: Namespace, now: Date, isAlive = isRunning): boolean {
  const [host, pid] = (metadata.annotations?.[MAKER] ?? "").split(/:(?=\d+$)/);
  if (host === os.hostname() && pid) return !isAlive(Number(pid));
  const minutes = (now.getTime() - new Date(metadata.creationTimestamp ?? 0).getTime()) / 60_000;
  return minutes > LONGEST_CHECK_MINUTES;
}

/** A volume that is to outlive its claim would stay: it is told not to. */
async function removeNamespace(api: KubernetesApi, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  const volumes = async () =>
    (await api.list<Volume>("/api/v1/persistentvolumes")).filter(({ spec }) => spec.claimRef?.namespace === name);
  for (const { metadata, spec } of await volumes()) {
    // One that was made by hand may hold more than the check's data: it stays, and is reported.
    if (spec.persistentVolumeReclaimPolicy === "Delete" || !metadata.annotations?.[PROVISIONED]) continue;
    await api.patch(`/api/v1/persistentvolumes/${metadata.name}`, {
      spec: { persistentVolumeReclaimPolicy: "Delete" },
    });
  }
  // Without the pods' time to end: the namespace's own removal would wait for it.
  await api.remove(`${path}/pods?gracePeriodSeconds=0`);
  await api.remove(path);
  const isGone = async () => ((await exists(api, path)) || (await volumes()).length > 0 ? undefined : (true as const));
  if (await poll(isGone, { limitSeconds: REMOVAL_SECONDS })) return;
  throw new Error(`the namespace ${name}, or a volume of it, is still there ${REMOVAL_SECONDS} s after its removal`);
}

async function exists(api: KubernetesApi, path: string): Promise<boolean> {
  try {
    await api.get(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
