/**
 * The kinds of facts that a step can expect of a host. A kind has its shell functions in `<first word of its name>.sh`, found
 * by their names:
 * - `observe_<kind> KEY`: what the host shows, as one line; succeeds whatever it finds. The steps guard and verify with it, and
 *   the inspection compares with it: what a step takes as done and what the inspection takes as unchanged is the same.
 * - `cache_<kind>`: reads what takes long once for all facts of the kind.
 * - `remember_<kind>`: notes in the journal what was there before a step's first change; see
 *   `providers/host/shell/library/journal.sh`.
 * - `prepare_restore_<first word>`, `restore_<first word>`: undo it when the host is removed.
 * Only `observe_<kind>` must be there.
 */
interface FactKind {
  /** Whether what is found is as expected; left out: they must be equal. */
  holds?: (expected: string, found: string) => boolean;
  /** What a difference is called; left out: `<kind> <key> is <found>, expected <expected>`. */
  describe?: (key: string, expected: string, found: string) => string;
}

/**
 * In the order in which their files restore a removed host; they are prepared for it the other way round. `key` and `value` are
 * said with each.
 */
export const FACTS = {
  /** The package; `hold`. */
  hold: {},
  /** The package; its version, or `*` for any. */
  package: {
    // Docker's packages carry the distribution behind the version.
    holds: (expected, found) =>
      found !== "missing" && (expected === "*" || found === expected || found.startsWith(`${expected}~`)),
    describe: (key, expected, found) =>
      `package ${key} is ${found}, expected ${expected === "*" ? "any version" : expected}`,
  },
  /** The path; SHA-256 and mode, as in `<64 hex digits> 644`. */
  file: { describe: (key, _expected, found) => `file ${key} ${found === "missing" ? "is missing" : "was changed"}` },
  /** The unit; `enabled`. */
  "unit-enabled": {},
  /** The unit; `active`. */
  "unit-active": {},
  /** `<table>/<name>` of the effective configuration, without quotes; the value, without quotes. */
  containerd: {},
  /** `active` or `at-boot`; `none`. */
  swap: {},
  /** The sysctl's name; its value. */
  sysctl: {},
  /** The sysctl's name; the least that it may be. */
  "sysctl-minimum": {
    holds: (expected, found) => /^\d+$/.test(found) && BigInt(found) >= BigInt(expected),
    describe: (key, expected, found) => `sysctl ${key} is ${found}, expected at least ${expected}`,
  },
  /** The kernel module; `present` (loaded, or built in). */
  module: {},
} satisfies Readonly<Record<string, FactKind>>;

export type FactName = keyof typeof FACTS;

/** The names of the files with their shell functions, in the order of the table. */
export const FACT_FILES: readonly string[] = [...new Set(Object.keys(FACTS).map((kind) => kind.replace(/-.*/, "")))];

/** One fact that a step expects, and what the host shows of it. `kind` may be one that a newer version wrote. */
export interface ObservedFact {
  kind: string;
  key: string;
  expected: string;
  found: string;
}

/** Whether the host shows what is expected. */
export function holds({ kind, expected, found }: ObservedFact): boolean {
  return (kindOf(kind).holds ?? Object.is)(expected, found);
}

/** How the host differs from what is expected: one short line. */
export function describe({ kind, key, expected, found }: ObservedFact): string {
  return (
    kindOf(kind).describe?.(key, expected, found) ?? `${kind} ${key} is ${found || "unknown"}, expected ${expected}`
  );
}

function kindOf(kind: string): FactKind {
  return (FACTS as Readonly<Record<string, FactKind>>)[kind] ?? {};
}
