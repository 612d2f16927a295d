import { poll } from "../../providers/poll";

/** Asks until the answer is true; answers whether it became true within the limit. An error counts as no. */
export async function eventually(ask: () => Promise<boolean>, limitSeconds: number, everyMs = 500): Promise<boolean> {
  const isTrue = async () => (await ask().catch(() => false)) || undefined;
  return (await poll(isTrue, { limitSeconds, everySeconds: everyMs / 1000 })) ?? false;
}

/** Tries until it succeeds; answers what it answered. Throws its last error where that takes longer than the limit. */
export async function untilItSucceeds<T>(attempt: () => Promise<T>, limitSeconds = 60, everyMs = 500): Promise<T> {
  let last: unknown;
  const succeeds = () =>
    attempt().then(
      (value) => ({ value }),
      (error: unknown) => void (last = error),
    );
  const found = await poll(async () => (await succeeds()) ?? undefined, { limitSeconds, everySeconds: everyMs / 1000 });
  if (!found) throw last;
  return found.value;
}

/** Does something again and again. `stop` waits for the round that is at work. */
export function repeat(round: () => Promise<unknown>, everyMs: number): { stop(): Promise<void> } {
  const stop = new AbortController();
  const { signal } = stop;
  const unanswered = async () => void (await round());
  const working = poll(unanswered, { everySeconds: everyMs / 1000, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    async stop() {
      stop.abort();
      await working;
    },
  };
}
