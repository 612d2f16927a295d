import { setTimeout as sleep } from "node:timers/promises";

/** Times in seconds. */
export interface LeavingTimes {
  limit: number;
  /** So long an object may be there that nobody deletes: what is deleted may take others along, one after the other. */
  grace: number;
  pause: number;
}

export const LEAVING_TIMES: LeavingTimes = { limit: 600, grace: 30, pause: 2 };

interface Leaving {
  metadata: { deletionTimestamp?: string };
}

/**
 * Waits until no object is left.
 *
 * @param refusal says what is `left`, of which nobody deletes `kept`
 * @throws what `refusal` answers, at the limit; earlier where nobody deletes what is there
 */
export async function untilNoneLeft<T extends Leaving>(
  lookAgain: () => Promise<T[]>,
  refusal: (left: T[], kept: T[]) => Error,
  times: LeavingTimes = LEAVING_TIMES,
): Promise<void> {
  const started = Date.now();
  for (;;) {
    const left = await lookAgain();
    if (left.length === 0) return;
    const seconds = (Date.now() - started) / 1000;
    const kept = left.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (seconds >= times.limit || (seconds >= times.grace && kept.length > 0)) throw refusal(left, kept);
    await sleep(times.pause * 1000);
  }
}
