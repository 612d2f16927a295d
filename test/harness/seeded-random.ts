/**
 * Random numbers from 0 to 1 that are the same for the same seed (mulberry32). The seed is printed; HOMELAB_TEST_SEED
 * repeats a run.
 */
export function seededRandom(): () => number {
  const seed = Number(process.env["HOMELAB_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32)) >>> 0;
  process.stderr.write(`random, repeated with HOMELAB_TEST_SEED=${seed}\n`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
