import * as fs from "node:fs";
import * as path from "node:path";
import { formatDuration } from "../../cli/progress";
import { add, countGo, countJest, type Counts, goTimes, jestTimes, NONE, type Took } from "./counts";
import { E2E_TIERS, readEnd, TEST_TIERS, type Tier, type TierEnd } from "./tiers";

/** How many of the slowest files are named at the end. */
const SLOWEST = 10;

/** What one tier contributes, and what has to be said of it. */
export interface Verdict {
  tier: string;
  counts: Counts;
  seconds?: number;
  /** Why the tier is not as it should be, or why it was skipped. */
  remark?: string;
  /** What its files took. */
  times?: Took[];
}

/**
 * Judges one tier by its report. A tier that did not run, that ran no test, or whose runner failed without a failed test
 * (it crashed, or a check failed) counts as one failure; a tier that the workstation can't run counts as one skipped.
 */
export function judge(reports: string, tier: Tier): Verdict {
  const end = readEnd(reports, tier.name);
  if (!end) return failed(tier.name, "did not run to its end");
  if (end.skipped) return { tier: tier.name, counts: { ...NONE, skipped: 1 }, remark: `skipped: ${end.skipped}` };
  const seconds = end.seconds;
  if (end.runner === "lint") {
    return end.exitCode === 0
      ? { tier: tier.name, counts: NONE, seconds }
      : { ...failed(tier.name, "found faults in the sources"), seconds };
  }
  const texts = readReports(path.join(reports, tier.name), end);
  const [count, timesIn] = end.runner === "go" ? [countGo, goTimes] : [countJest, jestTimes];
  const counts = texts.map(count).reduce(add, NONE);
  const judged = { tier: tier.name, seconds, times: texts.flatMap((text) => timesIn(text, path.dirname(reports))) };
  if (end.exitCode !== 0 && counts.failed === 0) {
    const remark = `its runner ended with exit code ${end.exitCode}`;
    return { ...judged, counts: { ...counts, failed: 1 }, remark };
  }
  if (counts.passed + counts.failed === 0) return { ...failed(tier.name, "ran no test"), seconds };
  return { ...judged, counts };
}

function failed(tier: string, remark: string): Verdict {
  return { tier, counts: { ...NONE, failed: 1 }, remark };
}

function readReports(folder: string, end: TierEnd): string[] {
  const extension = end.runner === "go" ? ".jsonl" : ".jest.json";
  const files = fs.readdirSync(folder).filter((file) => file.endsWith(extension));
  return files.map((file) => fs.readFileSync(path.join(folder, file), "utf8"));
}

/** The closing line: `N passed, N failed`, and `, N skipped` where some were. */
export function closingLine(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

/** The slowest files, then a line for each tier, then the closing line. */
export function summary(verdicts: Verdict[]): string[] {
  const width = Math.max(...verdicts.map((verdict) => verdict.tier.length));
  const lines = verdicts.map(({ tier, counts, seconds, remark }) => {
    const took = seconds === undefined ? "" : ` in ${formatDuration(seconds * 1000)}`;
    return `  ${tier.padEnd(width)}  ${remark ? `${remark}: ` : ""}${closingLine(counts)}${took}`;
  });
  const times = slowest(verdicts.flatMap((verdict) => verdict.times ?? []));
  return [...times, ...lines, closingLine(verdicts.map((verdict) => verdict.counts).reduce(add, NONE))];
}

function slowest(times: Took[]): string[] {
  const sorted = times.sort((one, other) => other.seconds - one.seconds).slice(0, SLOWEST);
  return sorted.map(({ name, seconds }) => `  ${formatDuration(seconds * 1000).padStart(6)}  ${name}`);
}

if (require.main === module) {
  const wanted = process.argv.slice(2);
  const known = [...TEST_TIERS, ...E2E_TIERS];
  const tiers = wanted.length > 0 ? known.filter((tier) => wanted.includes(tier.name)) : known;
  const verdicts = tiers.map((tier) => judge(path.resolve("reports"), tier));
  process.stdout.write(summary(verdicts).join("\n") + "\n");
  process.exitCode = verdicts.some((verdict) => verdict.counts.failed > 0) ? 1 : 0;
}
