import { setTimeout as sleep } from "node:timers/promises";

interface PollOptions {
  /** Without one it ends with an answer, an error or the signal. In seconds. */
  limitSeconds?: number;
  everySeconds?: number;
  signal?: AbortSignal;
}

const EVERY_SECONDS = 0.5;

/**
 * Asks again until there is an answer, and at least once. The answer is `undefined` where the time is over.
 *
 * @throws what `ask` throws, and the signal's reason
 */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { limitSeconds = Infinity, everySeconds = EVERY_SECONDS, signal }: PollOptions = {},
): Promise<T | undefined> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined || Date.now() > deadline) return answer;
    // Aborted, it throws an error of its own, and not the signal's reason.
    await sleep(everySeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}
