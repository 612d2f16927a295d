const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of a size as the client reads it: "1073741824", "512M", "1.5G", "4GiB". Undefined where it is none. */
export function parseSize(text: string): number | undefined {
  const found = /^\s*(\d+)(?:\.(\d+)(?=[KMG]))?(?:([KMG])(?:i?B)?|B)?\s*$/i.exec(text);
  if (!found) return undefined;
  const [, whole = "", fraction = "", unit = ""] = found;
  const factor = UNITS[unit.toLowerCase()] ?? 1;
  return Number(whole) * factor + Math.floor((Number(fraction || "0") * factor) / 10 ** fraction.length);
}

/** The client's complaint about a text that is no size. */
export function notASize(text: string): string {
  return (
    `${text} is not a valid memory size - need a non-negative integer (in base 10) ` +
    "or a decimal followed by K, M, or G (e.g. 1234B, 42MiB, 0.5G)"
  );
}

/** As `get` prints a size: "4.0GiB". */
export function readableSize(bytes: number): string {
  for (const [unit, name] of [
    ["g", "GiB"],
    ["m", "MiB"],
    ["k", "KiB"],
  ] as const) {
    const amount = bytes / (UNITS[unit] ?? 1);
    if (amount >= 1) return `${amount.toFixed(1)}${name}`;
  }
  return `${bytes}B`;
}
