/**
 * What `up` would do to hosts and cluster, in the field's words. It is data: JSON=1 prints it, and the terminal and a pull request
 * show the same. Nothing in it depends on the order of the engine's events.
 */
export interface Plan {
  stack: string;
  /** Why there is no plan: what the program says. Everything else is empty then. */
  errors: readonly string[];
  /** What the program warns of. */
  warnings: readonly string[];
  /** What `up` would refuse, and what to do. */
  refused: readonly string[];
  /** By section, then by host. */
  changes: readonly Change[];
  /** For so many resources it is recorded that hosts are reached in another way, and nothing else. */
  logins: number;
  /** Resources that are updated because of the others, and change nothing by themselves. */
  follows: readonly string[];
  /** Resources by operation. */
  counts: Readonly<Record<Operation | "unchanged", number>>;
  /** What a preview can't know, one sentence each. */
  unknown: readonly string[];
  /** The first 12 hex digits of a SHA-256 over everything above. */
  digest: string;
}

export type Operation = "create" | "update" | "replace" | "delete";

/** The parts of a plan, in the order in which they are shown. */
export const SECTIONS = ["nodes", "hosts", "cluster", "add-ons", "other"] as const;

/** What changes in the same way at one or more places. */
export interface Change {
  section: (typeof SECTIONS)[number];
  operation: Operation;
  /** As in `sysctls`, `node worker3 is prepared and joins`, `Cilium 1.20.2 → 1.20.3`. */
  title: string;
  /** The hosts; none for a change in the cluster. */
  hosts: readonly string[];
  lines: readonly Line[];
  /** What it does to what runs; none where nothing is disturbed. */
  effects: readonly string[];
  /** The settings' or files' places that ask for it, as in `Pulumi.metal.yaml:21`. */
  setBy: readonly string[];
}

/** One line of what differs: it comes, it goes, or it is there for context. */
export interface Line {
  mark: "+" | "-" | " ";
  text: string;
}
