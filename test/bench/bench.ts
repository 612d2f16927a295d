import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabStack } from "../harness/stacks/lab-stack";
import { ensureAllBinaries } from "../../lab/build/binaries";
import { ensureMirror } from "../../lab/packages/main";
import { budgetRows, largestProvider, LIMITS, type Measurement, costOfMachine } from "./budgets";
import { must } from "../../lab/run-program";
import { CHECKOUT } from "../../cli/places";
import { type Called, runCommand } from "../../cli/command-line";
import { columns } from "../../cli/nodes-table";
import { installMissing, LAB_NEEDS, requireRoot } from "../../cli/workstation";
import { phase, sayIn } from "../../cli/progress";

/**
 * `make bench`: measures what has a budget, on a cluster of its own. With `--cold` it builds everything in an emptied cache
 * first, which takes half an hour.
 */
async function bench({ cold: fromNothing = false }: Called): Promise<number> {
  await installMissing(LAB_NEEDS);
  await requireRoot("machines on this workstation");
  const cold = fromNothing ? fs.mkdtempSync(path.join(os.tmpdir(), "homelab-cold-")) : undefined;
  if (cold) process.env.HOMELAB_LAB_CACHE = cold;
  const building = await timed("building what the cache lacks", async () => {
    await phase("engine", (running) => ensureAllBinaries(["engine"], sayIn(running)));
    await phase("mirror", (running) => ensureMirror(sayIn(running)));
  });
  const measurements = await measureCluster();
  const up = measurements[0]?.measured ?? 0;
  if (cold) {
    measurements.push({ what: "up from nothing", measured: building + up, limit: LIMITS.upFromNothingMs, unit: "ms" });
    fs.rmSync(cold, { recursive: true, force: true });
  }
  const rows = budgetRows(measurements);
  process.stdout.write(`\n${columns(rows).join("\n")}\n`);
  return rows.some((row) => row[3] === "EXCEEDED") ? 1 : 0;
}

async function measureCluster(): Promise<Measurement[]> {
  const stack = await LabStack.create({ name: "bench", roles: ["control-plane", "worker"] });
  const empty = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-empty-"));
  try {
    const logins = async (): Promise<number[]> => Promise.all(stack.machines.map((machine) => machine.logins()));
    const upMs = await timed("up, with the cache", () => stack.up());
    const first = await logins();
    const previewMs = await fastest("preview without a change", () => stack.plan());
    const emptyMs = await fastest("preview of an empty program", await emptyProgram(empty));
    const again = await stack.up();
    const later = await logins();
    const resources = await stack.resources();
    const machines = stack.machines.map((machine) => costOfMachine(resources, machine.name));
    return [
      { what: "up with the cache, 1 + 1 machines", measured: upMs, limit: LIMITS.upWithCacheMs, unit: "ms" },
      { what: "no-op preview", measured: previewMs, limit: LIMITS.previewFactor * emptyMs, unit: "ms" },
      most("steps per host, one SSH connection each", machines, "steps", "connections", LIMITS.connectionsPerHost),
      { what: "SSH connections per host, first up, all", measured: Math.max(...first), unit: "connections" },
      {
        what: "SSH connections of no-op preview and up",
        measured: sum(later) - sum(first),
        limit: 0,
        unit: "connections",
      },
      { what: "changes of a no-op up", measured: changesIn(again.output), limit: 0, unit: "changes" },
      most("state of a machine", machines, "own", "bytes", LIMITS.stateBytesPerMachine),
      most("state of all that is named after a machine", machines, "all", "bytes"),
      { what: "__provider", measured: largestProvider(resources), limit: LIMITS.providerBytes, unit: "bytes" },
    ];
  } finally {
    fs.rmSync(empty, { recursive: true });
    await phase("removing the machines", () => stack.remove());
  }
}

/** The largest of the machines' costs of one kind. */
function most(
  what: string,
  machines: ReturnType<typeof costOfMachine>[],
  cost: keyof ReturnType<typeof costOfMachine>,
  unit: Measurement["unit"],
  limit?: number,
): Measurement {
  return { what, measured: Math.max(...machines.map((machine) => machine[cost])), limit, unit };
}

/** Resources that a run's output says were changed. */
function changesIn(output: string): number {
  const changed = [...output.matchAll(/^\s+[-+~<>=]+ (\d+) (?:created|updated|deleted|replaced)/gm)];
  return sum(changed.map(([, count]) => Number(count)));
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Milliseconds that the work takes. */
async function timed(title: string, work: () => Promise<unknown>): Promise<number> {
  const started = Date.now();
  await phase(title, work);
  return Date.now() - started;
}

/** Milliseconds of the fastest of three: the others waited for something else on the workstation. */
async function fastest(title: string, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 1; round <= 3; round++) times.push(await timed(`${title} (${round} of 3)`, work));
  return Math.min(...times);
}

/** A program that makes nothing, with the same engine, loader and SDK. Answers how it is previewed. */
async function emptyProgram(folder: string): Promise<() => Promise<unknown>> {
  const { engine } = await ensureAllBinaries(["engine"]);
  const env = {
    PATH: `${engine}:${process.env.PATH}`,
    PULUMI_HOME: path.join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "empty",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  for (const file of ["Pulumi.yaml", "package.json"])
    fs.copyFileSync(path.join(CHECKOUT, file), path.join(folder, file));
  fs.writeFileSync(path.join(folder, "index.ts"), 'import "@pulumi/pulumi";\n');
  fs.symlinkSync(path.join(CHECKOUT, "node_modules"), path.join(folder, "node_modules"));
  fs.mkdirSync(path.join(folder, "providers"));
  fs.copyFileSync(path.join(CHECKOUT, "providers/loader.cjs"), path.join(folder, "providers/loader.cjs"));
  // It has no drivers, and would wait for theirs.
  fs.writeFileSync(path.join(folder, "providers/start-drivers.cjs"), "");
  await must("making an empty stack", "pulumi", ["stack", "init", "empty"], { cwd: folder, env });
  return () =>
    must("previewing an empty program", "pulumi", ["preview", "--stack", "empty", "--json"], { cwd: folder, env });
}

void runCommand("bench", bench);
