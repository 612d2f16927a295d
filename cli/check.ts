import * as fs from "node:fs";
import execa from "execa";
import { load } from "js-yaml";
import { accessTo, NoCluster, type RunPulumi } from "../checks/access";
import { clusterReport, EXIT } from "./cluster-report";
import { endedOf, Failure } from "../lab/run-program";
import { explain } from "./failure";
import { places } from "./places";
import { say } from "./progress";
import { requireRoot } from "./root";
import { setUp } from "./setup";
import type { Stack } from "./stack";

/** `make check`: looks at the running cluster and says what to do about each thing that is not as it should be. */
async function check(json: boolean): Promise<number> {
  const { stack } = await setUp({ quiet: true });
  // Machines on this computer are looked at as root; where that can't be, the check for drift says so.
  if (stack.machineKind === "nspawn")
    await requireRoot("a look at the machines on this computer").catch(() => undefined);
  const stopped = stopOnSignals();
  const access = await accessTo(stack.name, pulumiFor(stack), configOf(stack));
  try {
    const options = { image: process.env.CHECK_IMAGE || undefined, signal: stopped };
    const { text, exitCode } = await clusterReport({ stack: stack.name, access, json, options });
    process.stdout.write(`${text}\n`);
    return exitCode;
  } finally {
    access.api.close();
  }
}

/** Aborted by a Ctrl-C. What was made is removed first; so a second one changes nothing. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) return;
    say("\n  stopped: what the checks had made is being removed …");
    controller.abort(new Failure("the checks were stopped", "Nothing of them is left in the cluster."));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return controller.signal;
}

function pulumiFor(stack: Stack): RunPulumi {
  return async (args, { signal } = {}) => {
    const child = execa("pulumi", [...args, "--stack", stack.name], { reject: false, stdin: "ignore" });
    const end = (): void => void child.kill("SIGINT");
    signal?.addEventListener("abort", end, { once: true });
    const ended = await child;
    signal?.removeEventListener("abort", end);
    return endedOf(ended);
  };
}

function configOf(stack: Stack): Record<string, unknown> {
  const file = load(fs.readFileSync(places.settings(stack.name), "utf8")) as { config?: Record<string, unknown> };
  return file.config ?? {};
}

async function main(): Promise<void> {
  try {
    process.exitCode = await check(process.argv.includes("--json") || Boolean(process.env.JSON));
  } catch (error) {
    process.stderr.write(explain(error instanceof NoCluster ? new Failure(error.message, error.advice) : error));
    process.exitCode = EXIT.notRun;
  }
}

void main();
