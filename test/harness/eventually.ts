import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is true; answers whether it became true within the limit. An error counts as no. */
export async function eventually(ask: () => Promise<boolean>, limitSeconds: number, everyMs = 500): Promise<boolean> {
  const attempt = async (): Promise<void> => {
    if (!(await ask())) throw new Error("not yet");
  };
  return untilItSucceeds(attempt, limitSeconds, everyMs).then(
    () => true,
    () => false,
  );
}

/** Tries until it succeeds; answers what it answered. Throws its last error where that takes longer than the limit. */
export async function untilItSucceeds<T>(attempt: () => Promise<T>, limitSeconds = 60, everyMs = 500): Promise<T> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(everyMs);
    }
  }
}

/** Does something again and again. `stop` waits for the round that is at work. */
export function repeat(round: () => Promise<unknown>, everyMs: number): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await round();
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const working = work();
  return {
    async stop() {
      stopped.abort();
      await working;
    },
  };
}
