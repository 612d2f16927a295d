import { testGoModules } from "./go-modules";
import { runJest } from "./jest-run";
import { prepare } from "./prepare";
import { checkSources } from "./sources";
import { closeReport, openReport, type Tier } from "./tiers";
import { minutesLeft } from "../../lab/addons/time-left";
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
/** The same for machines, which have to answer within the limits of the program. */
const NICE_MACHINES = ["nice", "-n", "5"];

/**
 * Runs tiers, and leaves their reports in `reports/<tier>/`. Never throws for a failed test. The tiers on machines are one run of
 * jest, so that no core is idle at the end of the first; what only computes runs beside it, on the time that machines leave, and so
 * does a tier with a limit of its own.
 */
export async function runTiers(tiers: readonly Tier[], reports: string): Promise<void> {
  const reason = tiers.some(({ needs }) => needs === "machines") ? whyNoMachines() : undefined;
  const { alone, together, beside } = planned(tiers, reason === undefined);
  for (const tier of alone) {
    if (reason && tier.needs === "machines") skip(tier, reports, reason);
    else await runOne(tier, reports, false);
  }
  if (together.length === 0) return;
  await runTogether(together, reports, async (folders) => {
    await prepare(together);
    const lane = async (own: readonly Tier[]) => {
      for (const tier of own) await runOne(tier, reports, true);
    };
    const [results] = await Promise.all([runJest(together, folders), ...beside.map(lane)]);
    return results;
  });
}

/** Which tiers run one after the other at first, which are one run of jest, and which run beside it: lanes, each in its order. */
export function planned(tiers: readonly Tier[], machines: boolean) {
  const onMachines = tiers.filter(({ needs }) => needs === "machines");
  const together = machines ? onMachines.filter(({ besideMinutes }) => besideMinutes === undefined) : [];
  const computing = tiers.filter(({ runner }) => together.length > 0 && runner !== "jest");
  const limited = onMachines.filter((tier) => together.length > 0 && !together.includes(tier));
  const alone = tiers.filter((tier) => ![together, computing, limited].some((some) => some.includes(tier)));
  return { alone, together, beside: [computing, limited] };
}

async function runOne(tier: Tier, reports: string, beside: boolean): Promise<void> {
  const late = beside ? whyTooLate(tier) : undefined;
  if (late) skip(tier, reports, late);
  else await runTogether([tier], reports, ([folder = ""]) => resultsOf(tier, folder, beside));
}

async function resultsOf(tier: Tier, folder: string, beside: boolean): Promise<Result[]> {
  switch (tier.runner) {
    case "lint":
      return [{ exitCode: await checkSources(beside ? NICE : []) }];
    case "go":
      return [{ exitCode: await testGoModules(folder, beside ? NICE : []) }];
    case "jest":
      await prepare([tier]);
      return runJest([tier], [folder], beside ? { prefix: NICE_MACHINES, limitMinutes: tier.besideMinutes } : {});
  }
}

/** Why a tier with a limit of its own doesn't begin: the run would end before that. */
function whyTooLate({ besideMinutes = 0 }: Tier): string | undefined {
  const left = minutesLeft();
  return left === undefined || left >= besideMinutes
    ? undefined
    : `it may take ${besideMinutes} minutes, and the run ends in ${left}`;
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
