import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";

import { cacheRoot, openCache } from "./cache-folder";
import { Failure } from "../run-program";

/**
 * Runs `work` while no other process builds in the same cache: two builds at once would take each other's memory and
 * gain no time. Waits for the other one, after it has said which one that is. The kernel releases the lock when its holder dies.
 *
 * @param doing shown to the processes that wait for this one
 */
export async function withBuildLock<T>(doing: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const lock = path.join(openCache(), "build.lock");
  const holder = `${lock}.holder`;
  let held = await hold(lock, ["--nonblock"]);
  if (!held) {
    say(`waiting for the process that builds in ${cacheRoot()}: ${read(holder)}`);
    held = await hold(lock, []);
  }
  if (!held)
    throw new Failure(`can't lock ${lock}`, `Check that ${cacheRoot()} can be written, then run the command again.`);
  try {
    fs.writeFileSync(holder, `process ${process.pid}, ${doing}, since ${new Date().toISOString()}\n`);
    return await work();
  } finally {
    await release(held);
  }
}

/** The process that holds the lock; nothing if another one does. It ends, and the lock with it, when its input ends. */
function hold(lock: string, options: readonly string[]): Promise<ChildProcess | undefined> {
  const child = spawn("flock", [...options, lock, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Failure(`flock can't be run: ${cause.message}`, "Install the package util-linux.")),
    );
    child.once("exit", () => resolve(undefined));
    createInterface({ input: child.stdout }).once("line", () => resolve(child));
  });
}

function release(holder: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (holder.exitCode !== null || holder.signalCode !== null) return resolve();
    holder.once("exit", () => resolve());
    holder.stdin?.end();
  });
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch {
    return "its name is not known";
  }
}
