import * as fs from "node:fs";
import * as path from "node:path";

/** How a tier runs: the three checks of the sources, the Go tests beside Go code, or the tests of one folder by jest. */
export type Runner = "lint" | "go" | "jest";

/** A tier of tests, in the sense of CONTRIBUTING.md. A tier without a test is a failure. */
export interface Tier {
  name: string;
  runner: Runner;
  /** What it needs beside the checkout: an engine with its plugins, and machines (so Linux, and the rights to make them). */
  needs?: "engine" | "machines";
  /**
   * It is a run of jest by itself, beside those of the other tiers on machines and on the time that they leave, and is ended after
   * so many minutes.
   */
  besideMinutes?: number;
}

/** What `make test` runs, in order. */
export const TEST_TIERS: readonly Tier[] = [
  { name: "lint", runner: "lint" },
  { name: "unit", runner: "jest" },
  { name: "program", runner: "jest" },
  { name: "engine", runner: "jest", needs: "engine" },
  { name: "host", runner: "jest", needs: "machines" },
  { name: "vm", runner: "jest", needs: "machines", besideMinutes: 25 },
  { name: "go", runner: "go" },
];

/** What `make e2e` runs. */
export const E2E_TIERS: readonly Tier[] = [{ name: "cluster", runner: "jest", needs: "machines" }];

/** What `make e2e-vm` runs: machines with a kernel of their own, for as long as that takes where they are emulated. */
export const VM_TIERS: readonly Tier[] = [{ name: "e2e-vm", runner: "jest", needs: "machines" }];

/** How a tier ended: its runner leaves it in `reports/<tier>/tier.json`, beside the report in the runner's own format. */
export interface TierEnd {
  tier: string;
  runner: Runner;
  /** The exit code of the runner; the end by a signal counts as 1. */
  exitCode: number;
  seconds: number;
  /** Why this machine can't run the tier at all. */
  skipped?: string;
}

/** Folders below `folder` that hold a file whose name ends so, without those of installed packages. */
export function foldersWith(folder: string, ending: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  const below = entries
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && entry.name !== ".work")
    .flatMap((entry) => foldersWith(path.join(folder, entry.name), ending));
  return entries.some((entry) => entry.isFile() && entry.name.endsWith(ending)) ? [folder, ...below] : below;
}

/** Starts a tier: nothing of an earlier run may be summed. Answers the folder for its report. */
export function openReport(reports: string, tier: string): string {
  const folder = path.join(reports, tier);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Ends a tier. */
export function closeReport(reports: string, end: TierEnd): void {
  fs.writeFileSync(path.join(reports, end.tier, "tier.json"), JSON.stringify(end) + "\n");
}

/** How a tier ended; `undefined` where it did not run, or did not come to its end. */
export function readEnd(reports: string, tier: string): TierEnd | undefined {
  const file = path.join(reports, tier, "tier.json");
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as TierEnd) : undefined;
}
