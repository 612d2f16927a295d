import execa from "execa";
import { accessTo, type ClusterAccess, NoCluster, type RunPulumi } from "../checks/access";
import { clusterReport, EXIT } from "./cluster-report";
import { readStackFile } from "../settings/stack-file";
import { endedOf, Failure } from "../lab/run-program";
import { type Called, runCommand } from "./command-line";
import { places } from "./places";
import { coloured, say } from "./progress";
import { exportState, stackExists } from "./pulumi";
import { requireRoot } from "./workstation";
import { setUp } from "./setup";
import type { Stack } from "./stack";

/** `make check`: checks the running cluster and says what to do about each thing that is not as it should be. */
async function check({ stack: wanted, json = false, image }: Called): Promise<number> {
  const { stack } = await setUp({ wanted, quiet: true });
  // Facts of simulated machines are read as root; where that can't be, the check for drift says so.
  if (stack.machineKind === "nspawn")
    await requireRoot("reading the facts of the machines on this workstation").catch(() => undefined);
  const stopped = stopOnSignals();
  const access = await accessOf(stack);
  try {
    const options = { image, signal: stopped };
    const { text, exitCode } = await clusterReport({ stack: stack.name, access, json, options });
    process.stdout.write(`${json ? text : coloured(text, process.stdout)}\n`);
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

async function accessOf(stack: Stack): Promise<ClusterAccess> {
  const { name } = stack;
  if (!(await stackExists(name))) throw new Failure(`stack ${name} does not exist yet`, "Run `make up` first.");
  const { resources = [] } = (await exportState(name, { secrets: "clear" })).deployment;
  const { settings } = readStackFile(places.settings(name));
  try {
    return accessTo({ name, resources, settings }, pulumiFor(stack));
  } catch (error) {
    throw error instanceof NoCluster ? new Failure(error.message, error.action) : error;
  }
}

void runCommand("check", check, { failed: EXIT.notRun });
