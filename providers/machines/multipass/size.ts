const UNITS = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;

/**
 * Bytes of a size as Multipass takes it: bytes, or a decimal with K, M or G (powers of 1024). A part of a byte is cut off, as Multipass
 * does. `undefined` where the text is no size.
 */
export function bytesOf(size: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)$/.exec(size);
  if (!match || (match[2] === "" && size.includes("."))) return undefined;
  return Math.floor(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
}

/** Bytes as a person reads them: "15.6G". */
export function inGigabytes(bytes: number): string {
  return `${Number((bytes / UNITS.G).toFixed(1))}G`;
}
