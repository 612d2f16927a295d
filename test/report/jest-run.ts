import * as fs from "node:fs";
import * as path from "node:path";
import { countJest, type JestReport, reportOf, secondsOf } from "./counts";
import type { Result } from "./run-tiers";
import type { Tier } from "./tiers";
import { attached } from "../../cli/programs";

/** How long one test may take before jest ends it, in seconds: a machine boots, a cluster forms. */
const TEST_TIMEOUT_SECONDS = { none: 10, engine: 300, machines: 1800 };

export interface JestOptions {
  /** Words before the command. */
  prefix?: readonly string[];
  /** Jest is ended after so many minutes. */
  limitMinutes?: number;
}

/** Runs the tests of tiers that need the same, as one run of jest. Each tier's part of the report is written to its folder. */
export async function runJest(
  tiers: readonly Tier[],
  folders: readonly string[],
  { prefix = [], limitMinutes }: JestOptions = {},
): Promise<Result[]> {
  const [needs = "none"] = tiers.map((tier) => tier.needs);
  const places = tiers.map(({ name }) => path.resolve("test", name));
  const outputFile = path.join(folders[0] ?? "", "whole.json");
  const args = [
    `--testPathPatterns=^(${places.map(escape).join("|")})/`,
    `--testTimeout=${TEST_TIMEOUT_SECONDS[needs] * 1000}`,
  ];
  const [program = "", ...words] = [...prefix, path.resolve("node_modules/.bin/jest"), ...args];
  const limits = limitMinutes === undefined ? {} : { timeoutSeconds: limitMinutes * 60 };
  const report = ["--json", `--outputFile=${outputFile}`];
  const exitCode = await attached(program, [...words, ...report], { stdout: "ignore", ...limits });
  const whole = fs.existsSync(outputFile) ? (JSON.parse(fs.readFileSync(outputFile, "utf8")) as JestReport) : undefined;
  if (!whole) return tiers.map(() => ({ exitCode: exitCode || 1 }));
  fs.rmSync(outputFile);
  const reports = places.map((place) => reportOf(whole, place));
  reports.forEach((report, index) => {
    fs.writeFileSync(path.join(folders[index] ?? "", "report.jest.json"), JSON.stringify(report));
  });
  if (tiers.length === 1) return [{ exitCode }];
  const failed = reports.map((report) => countJest(JSON.stringify(report)).failed > 0);
  // The failure of one tier is not another's. One that no test explains is everybody's.
  return reports.map((report, index) => ({
    exitCode: failed.includes(true) && exitCode === 1 ? Number(failed[index]) : exitCode,
    seconds: secondsOf(report),
  }));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
