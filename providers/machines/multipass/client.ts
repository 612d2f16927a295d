import { isIPv4 } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import execa from "execa";
import { z } from "zod";
import { MultipassError, type MultipassErrorKind } from "./errors";
import type { MachineInputs } from "./machine";

/** Longest that Multipass may take to answer a question, to change a setting, and to start or stop a VM. In seconds. */
const ANSWER_LIMIT = 60;
const START_LIMIT = 600;
/** How long a launch may take: the image is downloaded the first time, then the VM boots and cloud-init runs. In seconds. */
const LAUNCH_LIMIT = 1800;
/** Given to Multipass to end by itself, before it is ended. In seconds. */
const GRACE = 30;
/** How often a command is run at most that asks for another try. */
const TRIES = 3;
const RETRY_WAIT_MS = 1_000;

const EXIT_CODES: Record<number, MultipassErrorKind> = {
  1: "command-line",
  2: "failed",
  3: "no-daemon",
  4: "retry",
  // Undocumented: the client's own `--timeout` ran out.
  5: "timeout",
};

/** A VM as Multipass sees it. */
export interface Vm {
  state: string;
  /** The default network's first; further networks' and, in a cluster, those of its pods follow. Empty unless running. */
  ipv4: string[];
  /** Known while the VM runs. */
  cpus?: number;
}

// Of what Multipass says only what is used here: other fields differ between its releases.
const infoSchema = z.object({
  info: z.record(
    z.string(),
    z.object({ state: z.string(), ipv4: z.array(z.string()).default([]), cpu_count: z.string().optional() }),
  ),
});

/** Reads the state of a VM; `undefined` where Multipass knows none of that name. */
export async function findVm(name: string): Promise<Vm | undefined> {
  const doing = "reading the state of the VM";
  let said: string;
  try {
    said = await run(name, doing, ["info", name, "--format", "json"], { seconds: ANSWER_LIMIT });
  } catch (error) {
    if (error instanceof MultipassError && error.kind === "failed" && /does not exist/.test(error.stderr))
      return undefined;
    throw error;
  }
  const vm = parsed(said)?.info[name];
  if (!vm)
    throw new MultipassError("failed", name, doing, `Multipass answered something unexpected: ${said.slice(0, 500)}`);
  const cpus = Number(vm.cpu_count || undefined);
  // A VM that has none yet may be said to have "N/A" (https://github.com/canonical/multipass/issues/839).
  return { state: vm.state, ipv4: vm.ipv4.filter(isIPv4), ...(Number.isInteger(cpus) ? { cpus } : {}) };
}

/** Launches a VM and waits until its cloud-init is done. User-data comes by standard input: there are secrets in it. */
export async function launchVm(vm: MachineInputs, userData: string): Promise<void> {
  const networks = vm.networks.flatMap(({ name, mode, mac }) => [
    "--network",
    [`name=${name}`, `mode=${mode}`, ...(mac ? [`mac=${mac}`] : [])].join(","),
  ]);
  const size = ["--cpus", String(vm.cpus), "--memory", vm.memory, "--disk", vm.disk];
  const args = ["launch", vm.image, "--name", vm.name, ...size, ...networks];
  await run(vm.name, "launching the VM", [...args, "--timeout", String(LAUNCH_LIMIT), "--cloud-init", "-"], {
    seconds: LAUNCH_LIMIT + GRACE,
    input: userData,
  });
}

/** With what Multipass makes its VMs, as in `qemu`; nothing where it doesn't say. */
export async function virtualization(): Promise<string | undefined> {
  const { exitCode, stdout } = await once(["get", "local.driver"], { seconds: ANSWER_LIMIT });
  return exitCode === 0 ? stdout.trim() : undefined;
}

export async function startVm(name: string): Promise<void> {
  await run(name, "starting the VM", ["start", name], { seconds: START_LIMIT });
}

export async function stopVm(name: string): Promise<void> {
  await run(name, "stopping the VM", ["stop", name], { seconds: START_LIMIT });
}

/** Changes a stopped VM. */
export async function setVm(name: string, property: "cpus" | "memory" | "disk", value: string): Promise<void> {
  await run(name, `setting ${property} to ${value}`, ["set", `local.${name}.${property}=${value}`], {
    seconds: START_LIMIT,
  });
}

/** Removes this VM for good, and no other: `multipass purge` would take all that the user had deleted. */
export async function deleteVm(name: string): Promise<void> {
  try {
    await run(name, "removing the VM", ["delete", "--purge", name], { seconds: START_LIMIT });
  } catch (error) {
    if (error instanceof MultipassError && error.kind === "failed" && /does not exist/.test(error.stderr)) return;
    throw error;
  }
}

/**
 * Runs a command in a running VM as Multipass' own user. Multipass would start a stopped VM for it, so read the state
 * before. A command that fails is an answer; 255 says that Multipass did not get into the VM.
 */
export async function runInVm(
  name: string,
  command: string[],
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const result = await once(["exec", name, "--", ...command], { seconds: ANSWER_LIMIT });
  if (result.missing) throw new MultipassError("not-installed", name, "running a command in the VM", "");
  return { exitCode: result.timedOut ? 255 : (result.exitCode ?? 255), stdout: result.stdout, stderr: result.stderr };
}

/**
 * The VM without addresses that it doesn't have: after a restart Multipass may still name the one of before, and name it first
 * (https://github.com/canonical/multipass/issues/3354). As it is where it can't be asked.
 */
export async function withOwnAddresses(name: string, vm: Vm): Promise<Vm> {
  if (vm.state !== "Running" || vm.ipv4.length < 2) return vm;
  const { exitCode, stdout } = await runInVm(name, ["hostname", "-I"]);
  const inside = stdout.split(/\s+/);
  const ipv4 = vm.ipv4.filter((address) => inside.includes(address));
  return exitCode === 0 && ipv4.length > 0 ? { ...vm, ipv4 } : vm;
}

interface RunOptions {
  seconds: number;
  input?: string;
}

async function run(name: string, doing: string, args: string[], options: RunOptions): Promise<string> {
  for (let tries = 1; ; tries++) {
    const result = await once(args, options);
    if (result.exitCode === 0 && !result.timedOut) return result.stdout;
    if (result.missing) throw new MultipassError("not-installed", name, doing, "");
    if (result.timedOut) throw new MultipassError("timeout", name, doing, `no answer within ${options.seconds} s`);
    const kind = kindOf(result.exitCode, result.stderr);
    if (kind !== "retry" || tries === TRIES) throw new MultipassError(kind, name, doing, result.stderr);
    await sleep(RETRY_WAIT_MS);
  }
}

function kindOf(exitCode: number | undefined, stderr: string): MultipassErrorKind {
  // Released clients end with 2 where there is no service at all.
  if (/cannot connect to the multipass socket/.test(stderr)) return "no-daemon";
  return EXIT_CODES[exitCode ?? 2] ?? "failed";
}

async function once(args: string[], options: RunOptions) {
  const result = await execa("multipass", args, {
    reject: false,
    timeout: options.seconds * 1000,
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
  });
  const code: unknown = (result as { code?: unknown }).code;
  return {
    missing: code === "ENOENT",
    timedOut: result.timedOut,
    exitCode: result.exitCode as number | undefined,
    stdout: result.stdout ?? "",
    stderr: result.stderr ?? "",
  };
}

function parsed(text: string): z.infer<typeof infoSchema> | undefined {
  try {
    return infoSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
