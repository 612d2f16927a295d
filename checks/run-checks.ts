import { checkImage } from "../versions";
import type { ClusterAccess } from "./access";
import { certificatesCheck } from "./certificates";
import type { Check, CheckContext } from "./check";
import { driftCheck } from "./drift";
import { CheckFailure, failed, few, type Finding, ok, skipped, warning } from "./finding";
import { addons } from "../components/addons/list";
import { ApiRefusal, ApiUnreachable } from "../components/cluster/kubernetes-api";
import { networkCheck } from "./network";
import { nodesCheck } from "./nodes";
import { OwnNamespace, removeLeftovers } from "./own-namespace";
import { systemPodsCheck } from "./system-pods";
import { RENEWAL } from "../providers/host/inspection/host-facts";

/** In the order of the table. They run side by side. */
export const CHECKS: readonly Check[] = [
  nodesCheck,
  systemPodsCheck,
  networkCheck,
  ...addons.flatMap(({ check }) => check?.() ?? []),
  certificatesCheck,
  driftCheck,
];

const API = "API server";
const REMAINS = "remains";

export interface RunOptions {
  checks?: readonly Check[];
  /** Of the pods that are made; by default the pinned one. */
  image?: string;
  /** Ends everything early; what was made is removed even so. */
  signal?: AbortSignal;
  /** Told which checks are still at work, by their first subjects. */
  onProgress?: (atWork: string[]) => void;
}

/**
 * Runs the checks of a running cluster, and leaves nothing behind: what is made is in a namespace of its own, which is removed
 * at the end, whatever the end is.
 *
 * @throws the signal's reason, after what was made is removed
 */
export async function runChecks(access: ClusterAccess, options: RunOptions = {}): Promise<Finding[]> {
  const { checks = CHECKS, image = checkImage, signal = new AbortController().signal } = options;
  const api = await apiFinding(access);
  if (api.status === "failed") {
    const others = checks.flatMap(({ subjects }) =>
      subjects.map((subject) => skipped(subject, "the API server can't be reached")),
    );
    return [api, ...others];
  }
  const namespace = new OwnNamespace(access.api);
  const context = { access, namespace, image, signal };
  let findings: Finding[] = [];
  let remains: Finding[] = [];
  try {
    remains = await remainsOfOthers(access);
    findings = await sideBySide(checks, context, options.onProgress);
    signal.throwIfAborted();
  } finally {
    remains.push(...(await removeOwn(namespace)));
  }
  return [api, ...findings, ...remains];
}

async function sideBySide(checks: readonly Check[], context: CheckContext, onProgress: RunOptions["onProgress"]) {
  const atWork = new Set(checks.map(({ subjects }) => subjects[0]));
  const tell = () => onProgress?.([...atWork]);
  tell();
  const work = async (check: Check) => {
    const findings = await runOne(check, context);
    atWork.delete(check.subjects[0]);
    tell();
    return findings;
  };
  return (await Promise.all(checks.map(work))).flat();
}

/** Runs a check within its time limit. One that fails itself has found something, too. */
export async function runOne(check: Check, context: CheckContext): Promise<Finding[]> {
  const [first, ...others] = check.subjects;
  const limit = AbortSignal.timeout(check.limitSeconds * 1000);
  const signal = AbortSignal.any([context.signal, limit]);
  const ended = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
  );
  try {
    signal.throwIfAborted();
    return await Promise.race([check.run({ ...context, signal }), ended]);
  } catch (error) {
    const whatFailed = limit.aborted
      ? failed(
          first,
          `no result within ${check.limitSeconds} s`,
          "Fix what else is reported here first, then run `make check` again.",
        )
      : failureOf(first, error);
    return [whatFailed, ...others.map((subject) => skipped(subject, `not checked, because of ${first}`))];
  }
}

function failureOf(subject: string, error: unknown): Finding {
  if (error instanceof CheckFailure) return failed(subject, error.problem, error.action);
  const message = error instanceof Error ? error.message : String(error);
  const action =
    error instanceof ApiRefusal || error instanceof ApiUnreachable
      ? "Run `make check` again; if it fails again, see the API server: journalctl -u kubelet on the control plane."
      : "Fix what it says, then run `make check` again.";
  return failed(subject, message, action);
}

async function apiFinding({ api }: ClusterAccess): Promise<Finding> {
  try {
    await api.text("/readyz");
    return ok(API, `${api.host} is ready`);
  } catch (error) {
    const expired = error instanceof ApiUnreachable && error.code === "CERT_HAS_EXPIRED";
    return failed(
      API,
      error instanceof Error ? error.message : String(error),
      expired
        ? `${RENEWAL}. Then \`make refresh\` and \`make up\` read the new kubeconfig.`
        : "Is the control plane's host on, and does the workstation reach it? There: systemctl status kubelet; crictl ps -a | grep kube-apiserver. `make up` starts machines that are off.",
    );
  }
}

async function remainsOfOthers({ api }: ClusterAccess): Promise<Finding[]> {
  try {
    const { removed, inUse } = await removeLeftovers(api);
    return [
      ...(removed.length > 0 ? [ok(REMAINS, `removed what a killed check had left: ${few(removed)}`)] : []),
      ...(inUse.length > 0
        ? [skipped(REMAINS, `${few(inUse)} may be of a check that is at work now, and is left alone`)]
        : []),
    ];
  } catch (error) {
    return [
      warning(
        REMAINS,
        error instanceof Error ? error.message : String(error),
        "kubectl get namespaces -l homelab/check",
      ),
    ];
  }
}

async function removeOwn(namespace: OwnNamespace): Promise<Finding[]> {
  try {
    await namespace.remove();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [failed(REMAINS, message, `See why, and remove it: kubectl delete namespace ${namespace.name}`)];
  }
}
