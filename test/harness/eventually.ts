/** Asks until the answer is true; answers whether it became true within the limit. */
export async function eventually(ask: () => Promise<boolean>, limitSeconds: number, everyMs = 500): Promise<boolean> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    if (await ask().catch(() => false)) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Tries until it succeeds; answers what it answered. Throws its last error where that takes longer than the limit. */
export async function untilItSucceeds<T>(attempt: () => Promise<T>, limitSeconds = 60, everyMs = 500): Promise<T> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
