import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../settings/stack-file";
import { stateFile } from "./backend";
import { Failure, must } from "../lab/run-program";
import { places } from "./places";
import { say } from "./progress";
import { exportState, importState } from "./pulumi";

/** What the local backend writes into a lock file. */
export interface Lock {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/**
 * Takes away what a killed run has left in the local backend: its lock, and its notes of what it was doing. A stack in
 * another backend is left to `pulumi cancel` by hand.
 *
 * @throws Failure where the run that holds the lock is still at work, or may be, on another workstation
 */
export async function recoverFromKilledRun(stack: string): Promise<void> {
  await clearStaleLock(stack);
  await forgetPendingOperations(stack);
}

/**
 * Pulumi warns of operations that a killed run did not finish, in every later run, until a person has checked them. That is
 * not needed here: steps are idempotent, and drivers adopt what they find of their own.
 */
async function forgetPendingOperations(stack: string): Promise<void> {
  const file = stateFile(stack);
  if (!fs.existsSync(file) || !fs.readFileSync(file, "utf8").includes('"pending_operations"')) return;
  const state = await exportState(stack);
  const unfinished = state.deployment.pending_operations?.length;
  if (!unfinished) return;
  say(`  ${unfinished} operation(s) of a killed run were not finished: they are done again`);
  delete state.deployment.pending_operations;
  await importState(stack, state, "forgetting the unfinished operations");
}

/** Clears the lock of a run that is gone. */
async function clearStaleLock(stack: string): Promise<void> {
  const folder = path.join(places.state, ".pulumi", "locks", "organization", PROJECT, stack);
  const locks = readLocks(folder);
  if (locks.length === 0) return;
  const alive = workingRun(locks);
  if (alive) {
    throw new Failure(
      `stack ${stack} is being changed by process ${alive.pid} of ${alive.username} on ${alive.hostname}, since ${alive.timestamp}`,
      `Wait for it. If it is gone for good: . .homelab/env && pulumi cancel --stack ${stack}`,
    );
  }
  say(
    `  an earlier run (process ${locks.map((lock) => lock.pid).join(", ")}) was killed: its lock is cleared by pulumi cancel`,
  );
  await must("clearing the lock of a killed run", "pulumi", ["cancel", "--yes", "--stack", stack]);
}

/** The lock whose run is at work, or may be: what another workstation does can't be seen from here. */
export function workingRun(locks: Lock[], isAtWork: (pid: number) => boolean = isPulumi): Lock | undefined {
  return locks.find((lock) => lock.hostname !== os.hostname() || isAtWork(lock.pid));
}

/** The locks in a folder of the local backend. */
export function readLocks(folder: string): Lock[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as Lock);
}

/** Process ids are given to other programs again; only Linux tells simply to which. */
function isPulumi(pid: number): boolean {
  try {
    if (process.platform !== "linux") return process.kill(pid, 0);
    return fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
  } catch {
    return false;
  }
}
