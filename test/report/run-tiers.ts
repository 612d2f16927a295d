import { testGoModules } from "./go-modules";
import { runJest } from "./jest-run";
import { prepare } from "./prepare";
import { checkSources } from "./sources";
import { closeReport, openReport, type Tier } from "./tiers";
import { run } from "../../lab/run-program";
import { explain } from "../../cli/command-line";
import { say } from "../../cli/progress";
import { isRoot } from "../../cli/workstation";

/** How the run of a tier ended. */
export interface Result {
  exitCode: number;
  /** What it took by itself, where several ran together. */
  seconds?: number;
}

/** What runs a command with the time that others leave: words before it. */
const NICE = ["nice", "-n", "19"];

/**
 * Runs tiers, and leaves their reports in `reports/<tier>/`. Never throws for a failed test. The tiers on machines are one run of
 * jest, so that no core is idle at the end of the first; what only computes runs beside it, on the time that machines leave.
 */
export async function runTiers(tiers: readonly Tier[], reports: string): Promise<void> {
  const onMachines = tiers.filter(({ needs }) => needs === "machines");
  const reason = onMachines.length > 0 ? whyNoMachines() : undefined;
  const beside = onMachines.length > 0 && !reason ? tiers.filter(({ runner }) => runner !== "jest") : [];
  for (const tier of tiers.filter((one) => !onMachines.includes(one) && !beside.includes(one))) {
    await runTogether([tier], reports, (folders) => runOne(tier, folders, []));
  }
  const computing = async () => {
    for (const tier of beside) await runTogether([tier], reports, (folders) => runOne(tier, folders, NICE));
  };
  if (reason) onMachines.forEach((tier) => skip(tier, reports, reason));
  else if (onMachines.length > 0)
    await runTogether(onMachines, reports, async (folders) => {
      await prepare(onMachines);
      const [results] = await Promise.all([runJest(onMachines, folders), computing()]);
      return results;
    });
}

async function runOne(tier: Tier, folders: readonly string[], prefix: readonly string[]): Promise<Result[]> {
  const [folder = ""] = folders;
  switch (tier.runner) {
    case "lint":
      return [{ exitCode: await checkSources(prefix) }];
    case "go":
      return [{ exitCode: await testGoModules(folder, prefix) }];
    case "jest":
      await prepare([tier]);
      return runJest([tier], folders);
  }
}

/** Runs tiers by `work`, which answers how each ended. */
async function runTogether(
  tiers: readonly Tier[],
  reports: string,
  work: (folders: string[]) => Promise<Result[]>,
): Promise<void> {
  const started = Date.now();
  const names = tiers.map(({ name }) => name);
  const folders = names.map((name) => openReport(reports, name));
  say(`\n── ${names.join(", ")} ──`);
  const [first] = tiers;
  if (first?.runner === "go" && (await run("go", ["version"])).exitCode !== 0) {
    return skip(first, reports, "there is no go on this workstation");
  }
  const results = await work(folders).catch((error: unknown) => {
    say(explain(error));
    return tiers.map((): Result => ({ exitCode: 1 }));
  });
  for (const [index, { exitCode, seconds = (Date.now() - started) / 1000 }] of results.entries()) {
    const { name = "", runner = "jest" } = tiers[index] ?? {};
    closeReport(reports, { tier: name, runner, exitCode, seconds });
  }
}

function skip({ name, runner }: Tier, reports: string, skipped: string): void {
  say(`${name} skipped: ${skipped}`);
  openReport(reports, name);
  closeReport(reports, { tier: name, runner, exitCode: 0, seconds: 0, skipped });
}

/** Why this workstation can't run the tiers on machines; `undefined` where it can. */
function whyNoMachines(): string | undefined {
  if (process.platform !== "linux") return `machines need Linux, this is ${process.platform}`;
  return isRoot() ? undefined : "the tests look into the machines that they make, which needs root";
}
