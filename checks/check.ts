import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "./access";
import type { Finding } from "./finding";
import type { OwnNamespace } from "./own-namespace";

/** What a check works with. */
export interface CheckContext {
  access: ClusterAccess;
  /** Where it may make objects; they are deleted with it. */
  namespace: OwnNamespace;
  /** Of the pods that it makes. */
  image: string;
  /** Ends the check: Ctrl-C, or its time limit. */
  signal: AbortSignal;
}

/** Checks one thing, or a few that are found out together. */
export interface Check {
  /** The subjects of its findings, in this order; where it can't go on, the first fails and the others are skipped. */
  subjects: readonly [string, ...string[]];
  limitSeconds: number;
  run(context: CheckContext): Promise<Finding[]>;
}

/** How often something that takes its time is looked at, in milliseconds. */
const EVERY_MS = 500;

/**
 * Looks again and again, until the answer is another than `undefined` or the time is over. Answers `undefined` then.
 *
 * @throws the signal's reason
 */
export async function until<T>(
  look: () => Promise<T | undefined>,
  limitSeconds: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined || Date.now() > deadline) return found;
    await sleep(EVERY_MS, undefined, { signal });
  }
}
