import * as fs from "node:fs";
import * as path from "node:path";
import { closeReport, foldersWith, openReport, type Tier } from "./tiers";
import { ensureAllBinaries, type Group } from "../../lab/build/binaries";
import { addonNames, ensureMirrorWith, whyNoAddon } from "../../lab/addons/mirror";
import { sayIn } from "../../cli/build-progress";
import { run } from "../../lab/run-program";
import { attached } from "../../cli/command";
import { explain } from "../../cli/failure";
import { installMissing, LAB_NEEDS } from "../../cli/packages";
import { phase, say } from "../../cli/progress";
import { isRoot, requireRoot } from "../../cli/root";

/** How long one test may take before jest ends it, in seconds: a machine boots, a cluster forms. */
const TEST_TIMEOUT_SECONDS = { none: 10, engine: 300, machines: 1800 };

/** Runs one tier and leaves its report in `reports/<tier>/`. Never throws for a failed test. */
export async function runTier(tier: Tier, reports: string): Promise<void> {
  const folder = openReport(reports, tier.name);
  const started = Date.now();
  say(`\n── ${tier.name} ──`);
  const skipped = await whyNot(tier);
  if (skipped) say(`skipped: ${skipped}`);
  const exitCode = skipped ? 0 : await prepareAndRun(tier, folder);
  const seconds = (Date.now() - started) / 1000;
  closeReport(reports, { tier: tier.name, runner: tier.runner, exitCode, seconds, skipped });
}

/** What a tier needs is made before its first test: compiling it takes longer than any test may. */
async function prepareAndRun(tier: Tier, folder: string): Promise<number> {
  try {
    // An API server without machines is the engine tier's; machines bring theirs with the mirror.
    const groups: Group[] = tier.needs === "engine" ? ["engine", "etcd", "kubernetes"] : ["engine"];
    if (tier.needs) await phase("engine", (running) => ensureAllBinaries(groups, sayIn(running)));
    if (tier.needs === "machines") {
      await installMissing(LAB_NEEDS);
      await requireRoot("machines on this computer");
      const addons = tier.name === "cluster" ? addonNames.filter((name) => !whyNoAddon(name)) : [];
      await phase("mirror of packages, images and charts", (running) => ensureMirrorWith(addons, sayIn(running)));
    }
    return await runners[tier.runner](tier, folder);
  } catch (error) {
    say(explain(error));
    return 1;
  }
}

const runners: Record<Tier["runner"], (tier: Tier, folder: string) => Promise<number>> = {
  lint: checkSources,
  jest: runJest,
  go: runGo,
};

/** Why this machine can't run a tier; `undefined` where it can. */
async function whyNot(tier: Tier): Promise<string | undefined> {
  if (tier.runner === "go" && (await run("go", ["version"])).exitCode !== 0) return "there is no go on this machine";
  if (tier.needs !== "machines") return undefined;
  if (process.platform !== "linux") return `machines need Linux, this is ${process.platform}`;
  return isRoot() ? undefined : "the tests look into the machines that they make, which needs root";
}

/** Types, rules and layout of the sources: all three, so that one run says everything. */
async function checkSources(): Promise<number> {
  let exitCode = 0;
  for (const [program, ...args] of [
    ["tsc", "--noEmit"],
    ["eslint", "."],
    ["prettier", "--check", "--log-level=warn", "."],
  ] as const) {
    const ended = await attached(path.resolve("node_modules/.bin", program), args);
    say(`${ended === 0 ? "✓" : "✗"} ${program}`);
    exitCode ||= ended;
  }
  return (await checkWorkflows()) || exitCode;
}

/** The workflows, by actionlint: a Go program, which compiles in half a minute and is then in Go's own cache. */
async function checkWorkflows(): Promise<number> {
  if ((await run("go", ["version"])).exitCode !== 0) {
    say("– actionlint: skipped: there is no go on this machine");
    return 0;
  }
  const workflows = fs.readdirSync(".github/workflows").map((file) => path.resolve(".github/workflows", file));
  const ended = await attached("go", ["tool", "actionlint", ...workflows], { cwd: "test/actionlint" });
  say(`${ended === 0 ? "✓" : "✗"} actionlint`);
  return ended;
}

async function runJest(tier: Tier, folder: string): Promise<number> {
  const outputFile = path.join(folder, "report.jest.json");
  const timeout = TEST_TIMEOUT_SECONDS[tier.needs ?? "none"] * 1000;
  const args = [`--testPathPatterns=^${escape(path.resolve("test", tier.name))}/`, `--testTimeout=${timeout}`];
  // What starts an engine gets the computer to itself. Machines spend most of their time waiting, so two files share it.
  if (tier.needs) args.push(tier.needs === "machines" ? "--maxWorkers=2" : "--runInBand");
  return attached(path.resolve("node_modules/.bin/jest"), [...args, "--json", `--outputFile=${outputFile}`], {
    stdout: "ignore",
  });
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** `go test` of every module of lab/ that has tests. */
async function runGo(_tier: Tier, folder: string): Promise<number> {
  let exitCode = 0;
  for (const module of foldersWith("lab", "go.mod").filter((found) => foldersWith(found, "_test.go").length > 0)) {
    const report = path.join(folder, module.replaceAll(path.sep, "-") + ".jsonl");
    const ended = await run("go", ["test", "-json", "./..."], { cwd: module });
    fs.writeFileSync(report, ended.stdout + "\n");
    if (ended.exitCode !== 0) say(failedOutput(ended.stdout) + ended.stderr);
    say(`${ended.exitCode === 0 ? "✓" : "✗"} ${module}`);
    exitCode ||= ended.exitCode;
  }
  return exitCode;
}

/** The output of the packages that failed. */
function failedOutput(lines: string): string {
  const events = lines
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { Action: string; Package?: string; ImportPath?: string; Output?: string });
  const failed = new Set(events.filter((event) => event.Action === "fail").map((event) => event.Package));
  return events
    .filter((event) => event.Output && (failed.has(event.Package) || event.Action === "build-output"))
    .map((event) => event.Output)
    .join("");
}
