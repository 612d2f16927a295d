import * as fs from "node:fs";

import { poll } from "../../providers/poll";
import { read } from "./home";

/** True while a process lives that may be waited for. */
export function alive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== undefined && !/^\d+ \(.*\) [ZX] /s.test(stat);
}

/** The process that a file of machine.sh names, if it lives: id, start and boot must be those of the file. */
export function runningProcess(file: string): number | undefined {
  const [pid = "", start, boot] = (read(file) ?? "").trim().split(" ");
  if (!pid || boot !== fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) return undefined;
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined || !alive(Number(pid))) return undefined;
  // The second field may hold spaces.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] === start ? Number(pid) : undefined;
}

/** Tries every 200 ms until it is true. False where that did not come in time. */
export async function within(seconds: number, done: () => boolean | Promise<boolean>): Promise<boolean> {
  const isDone = async () => (await done()) || undefined;
  return (await poll(isDone, { limitSeconds: seconds, everySeconds: 0.2 })) ?? false;
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
