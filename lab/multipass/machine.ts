import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { must } from "../run-program";
import { ensureBridge, removeUnusedBridge } from "./bridge";
import { network, read } from "./home";
import { forgetInstance, type Instance, instancePath, loadInstance } from "./instance";
import { alive, runningProcess, within } from "./process";
import { answersSsh } from "./ssh";

/** As the client names them. */
export type State = "Running" | "Stopped" | "Deleted" | "Starting" | "Restarting";

const SCRIPT = path.join(__dirname, "machine.sh");

/** How long a machine may take to switch itself off before it is killed. In seconds. */
const STOP_LIMIT = 60;

/** What the instance does now. It becomes Running when its SSH answers for the first time. */
export async function stateOf(instance: Instance): Promise<State> {
  if (instance.deleted) return "Deleted";
  if (!supervisor(instance)) return launcherLives(instance) ? "Starting" : "Stopped";
  if (!nspawn(instance)) return isReady(instance) ? "Restarting" : "Starting";
  if (isReady(instance)) return "Running";
  return (await answersSsh(instance)) && markReady(instance) ? "Running" : "Starting";
}

/** True where there is a machine to stop or to kill. */
export function isOn(instance: Instance): boolean {
  return supervisor(instance) !== undefined;
}

/** Starts the machine, and does not wait for it. */
export async function startMachine(instance: Instance): Promise<void> {
  if (isOn(instance)) return;
  await ensureBridge();
  const log = fs.openSync(instancePath(instance.name, "console.log"), "a");
  const child = spawn("bash", [SCRIPT, "run"], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: environment(instance),
  });
  child.unref();
  fs.closeSync(log);
  if (await within(10, () => nspawn(instance) !== undefined)) return;
  throw new Error(`The machine did not start:\n${consoleTail(instance)}`);
}

/** Waits until the daemon can log in. False where it can't in time, or where the machine went off. */
export async function waitUntilRunning({ name }: Pick<Instance, "name">, seconds: number): Promise<boolean> {
  const running = (): Promise<boolean> => within(seconds, async () => (await currentState(name)) !== "Starting");
  return (await running()) && (await currentState(name)) === "Running";
}

/** Reads the record each time: a boot may have given the instance another address. */
async function currentState(name: string): Promise<State> {
  const instance = loadInstance(name);
  if (!instance) return "Stopped";
  const state = await stateOf(instance);
  return state === "Restarting" ? "Starting" : state;
}

/** Switches the machine off, or kills it. */
export async function stopMachine(instance: Instance, how: "shutdown" | "poweroff"): Promise<void> {
  const pid = nspawn(instance);
  if (pid !== undefined) process.kill(pid, how === "poweroff" ? "SIGKILL" : "SIGTERM");
  if (!(await within(STOP_LIMIT, () => !isOn(instance)))) {
    const stubborn = nspawn(instance);
    if (stubborn !== undefined) process.kill(stubborn, "SIGKILL");
    await within(STOP_LIMIT, () => !isOn(instance));
  }
  // Where the supervisor itself was killed, there was no clean-up.
  await must("cleaning up after a machine", "bash", [SCRIPT, "clean"], { env: environment(instance) });
}

/** Asks the machine to restart itself, and waits until it is about to boot again. */
export async function rebootMachine(instance: Instance): Promise<void> {
  const before = nspawn(instance);
  const init = before === undefined ? undefined : initOf(before);
  if (init === undefined) throw new Error(`Instance '${instance.name}' is not running`);
  // To systemd it is Ctrl-Alt-Delete.
  process.kill(init, "SIGINT");
  await within(STOP_LIMIT, () => nspawn(instance) !== before);
}

/** Removes all that there is of an instance. */
export async function purgeMachine(instance: Instance): Promise<void> {
  await stopMachine(instance, "poweroff");
  forgetInstance(instance.name);
  await removeUnusedBridge();
}

/** The machine's first process, by its number on the workstation. */
export function initPid(instance: Instance): number | undefined {
  const pid = nspawn(instance);
  return pid === undefined ? undefined : initOf(pid);
}

function initOf(nspawnPid: number): number | undefined {
  const first = read(`/proc/${nspawnPid}/task/${nspawnPid}/children`)?.trim().split(" ")[0];
  return first ? Number(first) : undefined;
}

function supervisor({ name }: Instance): number | undefined {
  return runningProcess(instancePath(name, "supervisor.pid"));
}

function nspawn({ name }: Instance): number | undefined {
  return runningProcess(instancePath(name, "machine.pid"));
}

/** The launch has not come to the start yet. */
function launcherLives({ name }: Instance): boolean {
  return alive(Number(read(instancePath(name, "launcher")) ?? "0"));
}

/** Holds for one boot: what is marked is the process. */
function isReady({ name }: Instance): boolean {
  const current = read(instancePath(name, "machine.pid"));
  const ready = read(instancePath(name, "ready"));
  return ready !== undefined && (current === undefined || current === ready);
}

function markReady({ name }: Instance): boolean {
  const current = read(instancePath(name, "machine.pid"));
  if (current !== undefined) fs.writeFileSync(instancePath(name, "ready"), current);
  return current !== undefined;
}

function environment(instance: Instance): NodeJS.ProcessEnv {
  const boot = [process.execPath, "--require", require.resolve("tsx/cjs"), path.join(__dirname, "boot.ts")];
  return {
    PATH: process.env.PATH,
    FAKE_MULTIPASS_HOME: process.env.FAKE_MULTIPASS_HOME,
    ID: instance.id,
    DIR: instancePath(instance.name),
    BRIDGE: network().bridge,
    BOOT: [...boot, instance.name].join(" "),
  };
}

function consoleTail({ name }: Instance): string {
  return (read(instancePath(name, "console.log")) ?? "").trimEnd().split("\n").slice(-15).join("\n");
}
