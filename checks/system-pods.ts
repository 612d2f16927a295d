import { addons } from "../components/addons/list";
import { poll } from "../providers/poll";
import type { Check } from "./check";
import { failed, few, type Finding, ok, warning } from "./finding";
import { isReady, type Pod, whyNotRunning, type Workload } from "./kubernetes-objects";

const NAME = "system pods";
/** Of Kubernetes itself and of the platform's add-ons. */
const NAMESPACES = [...new Set(["kube-system", ...addons.map(({ namespace }) => namespace)])];
/** How long a pod that is just starting may take, in seconds. */
const PATIENCE_SECONDS = 30;
/** So many restarts, the last of them so recently, in minutes, are a loop. */
const LOOP = { restarts: 5, minutes: 10 };

/** The pods of the cluster's own namespaces run, and there are as many as there should be. */
export const systemPodsCheck: Check = {
  subjects: [NAME],
  limitSeconds: 60,
  async run({ access: { api }, signal }) {
    let finding: Finding | undefined;
    const ask = async () => {
      const pods = await Promise.all(NAMESPACES.map((name) => api.list<Pod>(`/api/v1/namespaces/${name}/pods`)));
      const kinds = ["deployments", "statefulsets", "daemonsets"].flatMap((kind) =>
        NAMESPACES.map((name) => api.list<Workload>(`/apis/apps/v1/namespaces/${name}/${kind}`)),
      );
      finding = systemPodsFinding(pods.flat(), (await Promise.all(kinds)).flat(), new Date());
      return finding.status === "failed" ? undefined : finding;
    };
    await poll(ask, { limitSeconds: PATIENCE_SECONDS, signal });
    return finding ? [finding] : [];
  },
};

export function systemPodsFinding(pods: Pod[], workloads: Workload[], now: Date): Finding {
  // A pod that ended, or was evicted, is of no concern where its workload has as many as it should.
  const alive = pods.filter(({ metadata, status }) => !metadata.deletionTimestamp && !hasEnded(status.phase));
  const unwell = alive.filter((pod) => !isReady(pod));
  const incomplete = workloads.filter((workload) => ready(workload) < wanted(workload));
  if (unwell.length > 0 || incomplete.length > 0) {
    const [first] = unwell;
    const { namespace, name } = (first ?? incomplete[0])?.metadata ?? { name: "" };
    return failed(
      NAME,
      few([
        ...unwell.map((pod) => `${named(pod)} ${whyNotWell(pod)}`),
        ...incomplete.map((each) => `${named(each)}: ${ready(each)} of ${wanted(each)} ready`),
      ]),
      first
        ? `kubectl -n ${namespace} describe pod ${name}; kubectl -n ${namespace} logs ${name} --all-containers --tail=20 (with --previous, why it ended)`
        : `kubectl -n ${namespace} get pods,events | grep ${name}`,
    );
  }
  const looping = alive.filter((pod) => isLooping(pod, now));
  if (looping.length > 0) {
    const { namespace, name } = looping[0]?.metadata ?? { name: "" };
    return warning(
      NAME,
      few(looping.map((pod) => `${named(pod)} runs, and restarted ${restarts(pod)} times`)),
      `kubectl -n ${namespace} logs ${name} --all-containers --previous --tail=20`,
    );
  }
  return ok(NAME, `all ${alive.length} run`);
}

const hasEnded = (phase?: string): boolean => phase === "Succeeded" || phase === "Failed";
const named = ({ metadata }: { metadata: Pod["metadata"] }): string => `${metadata.namespace}/${metadata.name}`;
const statuses = ({ status }: Pod) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
const restarts = (pod: Pod): number => Math.max(0, ...statuses(pod).map(({ restartCount }) => restartCount));

function whyNotWell(pod: Pod): string {
  const why = pod.status.phase === "Running" && !isWaiting(pod) ? "runs, and is not ready" : whyNotRunning(pod);
  return restarts(pod) > 1 ? `${why} (restarted ${restarts(pod)} times)` : why;
}

function isWaiting(pod: Pod): boolean {
  return statuses(pod).some(({ state }) => state?.waiting?.reason);
}

function isLooping(pod: Pod, now: Date): boolean {
  return statuses(pod).some(({ restartCount, lastState }) => {
    const ended = lastState?.terminated?.finishedAt;
    if (restartCount < LOOP.restarts || !ended) return false;
    return now.getTime() - new Date(ended).getTime() < LOOP.minutes * 60_000;
  });
}

function wanted({ spec, status }: Workload): number {
  return status.desiredNumberScheduled ?? spec.replicas ?? 1;
}

function ready({ status }: Workload): number {
  return status.numberReady ?? status.readyReplicas ?? 0;
}
