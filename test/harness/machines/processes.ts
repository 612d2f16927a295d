import { readdir, readFile } from "node:fs/promises";

/** A process of this workstation; those of its nspawn machines and containers are among them. */
export interface Process {
  pid: string;
  /** Its words, with spaces between them; empty for one that is gone meanwhile, and for the kernel's. */
  commandLine: string;
}

export async function processes(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.map((pid, index) => ({ pid, commandLine: (lines[index] ?? "").replaceAll("\0", " ") }));
}
