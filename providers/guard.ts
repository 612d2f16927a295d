import { CLUSTER_GONE } from "./host/shell/library";
import type { Diagnosis } from "./diagnosis";
import { difference, type Driver } from "./driver";
import { withSsh } from "./host/ssh/connect";
import { HostError } from "./host/ssh/errors";
import { runAsRoot } from "./host/ssh/root";
import { succeeded } from "./host/ssh/run";
import type { SshSession, SshTarget } from "./host/ssh/target";
import { skipIfUnreachable } from "./host/ssh/skip-if-unreachable";
import { poll } from "./poll";
import { warn } from "./warn";

const CONNECT_ON_DELETE = { timeoutSeconds: 20 };
const KUBECTL_SECONDS = 90;

export interface GuardInputs {
  controlPlane: SshTarget;
  /** Changes when the cluster is another one. */
  cluster: string;
}

export interface Guarded {
  metadata: { name: string; namespace?: string; deletionTimestamp?: string };
}

/** Objects that only one controller can let go, because they have its finalizer. */
export interface Guard<T extends Guarded> {
  readonly id: string;
  /** As in "waiting until no Application of Argo CD is left". */
  readonly doing: string;
  /** Lists the objects. Exits with CLUSTER_GONE where there is no cluster to ask. */
  readonly script: () => string;
  /** Reads what the script prints. */
  readonly parse: (printed: string) => T[];
  /** What to say of those that are left, of which `kept` are not being deleted. */
  readonly refusal: (left: T[], kept: T[]) => Omit<Diagnosis, "subject">;
}

/** Times in seconds. */
interface LeavingTimes {
  limit: number;
  /** How long an object may be there that is not being deleted: others may be deleted with what is deleted, one after the other. */
  grace: number;
  pause: number;
}

const LEAVING_TIMES: LeavingTimes = { limit: 600, grace: 30, pause: 2 };

/**
 * The driver of a resource between a controller and its objects, so that the controller is deleted last: an object that
 * stays behind with its finalizer could never be deleted again. Its deletion waits until none is left.
 */
export function guardDriver<T extends Guarded>(guard: Guard<T>): Driver<GuardInputs, GuardInputs> {
  return {
    diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["cluster"] }),

    async create(inputs) {
      return { id: guard.id, outputs: inputs };
    },

    async update(_id, _recorded, wanted) {
      // How the control plane is reached is only recorded, for the day on which the controller is deleted.
      return wanted;
    },

    async delete(_id, { controlPlane }) {
      await skipIfUnreachable(guard.doing, () =>
        withSsh(controlPlane, CONNECT_ON_DELETE, guard.doing, (session) =>
          untilNoneLeft(guard, controlPlane.name, () => objectsLeft(guard, session)),
        ),
      );
    },
  };
}

/** What is left; nothing where the cluster itself is gone, with a warning. */
async function objectsLeft<T extends Guarded>({ doing, script, parse }: Guard<T>, session: SshSession): Promise<T[]> {
  const { name } = session.target;
  const result = await runAsRoot(session, script(), { timeoutSeconds: KUBECTL_SECONDS });
  if (result.exitCode !== CLUSTER_GONE) return parse(succeeded(name, doing, result).stdout);
  warn(`${name}: ${doing}: skipped, the cluster can't be asked: ${result.stderr.trim()}`);
  return [];
}

/**
 * Waits until no object is left.
 *
 * @throws HostError with the guard's words, at the limit; earlier where what is there is not being deleted
 */
export async function untilNoneLeft<T extends Guarded>(
  { doing, refusal }: Guard<T>,
  host: string,
  list: () => Promise<T[]>,
  times: LeavingTimes = LEAVING_TIMES,
): Promise<void> {
  const started = Date.now();
  const check = async () => {
    const left = await list();
    if (left.length === 0) return true;
    const seconds = (Date.now() - started) / 1000;
    const kept = left.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (seconds >= times.limit || (seconds >= times.grace && kept.length > 0))
      throw new HostError({ kind: "command", host, doing, ...refusal(left, kept) });
    return undefined;
  };
  await poll(check, { everySeconds: times.pause });
}
