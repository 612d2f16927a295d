/** Asks until the answer is true; answers whether it became true within the limit. */
export async function eventually(ask: () => Promise<boolean>, limitSeconds: number, everyMs = 500): Promise<boolean> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    if (await ask().catch(() => false)) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
