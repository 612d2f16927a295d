import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { poll } from "../providers/poll";
import { ensureBinaries } from "./build/binaries";
import { trustedUsers } from "./build/cache-folder";
import { listenersAt } from "./listeners";
import { Failure, lastLines } from "./run-program";
import { mirrorProgramName } from "./packages/main";

/** Where and what the mirror serves. */
export interface MirrorService {
  /** Root folder, as `ensureMirror` returns it. */
  readonly root: string;
  /** Addresses with ports; one that is not configured yet is bound all the same. */
  readonly listen: readonly string[];
  /** Folder of the process's id and log. */
  readonly runDir: string;
}

const startSeconds = 10;
const stopSeconds = 10;
const pollSeconds = 0.05;

const pidFile = (runDir: string): string => path.join(runDir, "mirror.pid");
const logFile = (runDir: string): string => path.join(runDir, "mirror.log");

/** The server's program, built where it is missing. */
async function builtProgram(): Promise<string> {
  return path.join(await ensureBinaries("mirror"), mirrorProgramName);
}

/**
 * Makes sure that the mirror is served, by a separate process that outlives this one. One that already serves the same
 * root is left alone, whichever checkout started it; another one that this run folder knows is ended first.
 *
 * @throws Failure where another user listens at one of the addresses: images come from there without a signature, and run as root
 */
export async function ensureMirrorRunning(
  service: MirrorService,
  program: () => Promise<string> = builtProgram,
): Promise<void> {
  const command = serveCommand(await program(), service);
  const running = runningMirror(service.runDir);
  if (running && !sameCommand(running.command, command)) await stopMirror(service.runDir);
  refuseStrangers(service);
  const served = await health(service);
  if (served?.root === service.root && service.listen.every((address) => listenersAt(address).length > 0)) return;
  await stopMirror(service.runDir);
  const foreign = await health(service);
  if (foreign) {
    throw new Failure(
      `${service.listen[0]} is taken: ${foreign.pid ? `process ${foreign.pid}` : "another program"} serves ${foreign.root ?? "something else"} there`,
      "End it if it is a forgotten one; the lab of another checkout may be using it. Then run the command again.",
    );
  }
  await start(command, service);
}

/** What a process answers proves nothing; whose it is, the kernel says. */
function refuseStrangers({ listen }: MirrorService): void {
  for (const address of listen) {
    const stranger = listenersAt(address).find(({ uid }) => !trustedUsers().includes(uid));
    if (!stranger) continue;
    throw new Failure(
      `${address} is taken by a process of another user (id ${stranger.uid}), and what it serves would run as root in the lab's machines`,
      "`sudo ss -ltnp` shows it. End it, or give the mirror another port, everywhere in the stack's settings. Then run the command again.",
    );
  }
}

/** Ends the mirror that was started for this run folder, and nothing else. */
export async function stopMirror(runDir: string): Promise<void> {
  const running = runningMirror(runDir);
  if (running) {
    process.kill(running.pid, "SIGTERM");
    const ended = await within(
      stopSeconds,
      async () => !fs.existsSync(`/proc/${running.pid}`) || isZombie(running.pid),
    );
    if (!ended)
      throw new Failure(`the mirror (process ${running.pid}) did not end within ${stopSeconds} s`, "End it by hand.");
  }
  fs.rmSync(pidFile(runDir), { force: true });
}

/** The command line of the server. */
export function serveCommand(program: string, { root, listen, runDir }: MirrorService): string[] {
  return [program, "serve", "--root", root, ...listen.flatMap((a) => ["--listen", a]), "--log", logFile(runDir)];
}

async function start(command: readonly string[], service: MirrorService): Promise<void> {
  fs.mkdirSync(service.runDir, { recursive: true });
  const [program = "", ...args] = command;
  const log = fs.openSync(logFile(service.runDir), "a");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  fs.closeSync(log);
  const spawned = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true)).once("error", () => resolve(false));
  });
  if (spawned) fs.writeFileSync(pidFile(service.runDir), `${child.pid}\n`);
  child.unref();
  const up =
    spawned &&
    (await within(startSeconds, async () => {
      return child.exitCode !== null || (await health(service))?.root === service.root;
    }));
  refuseStrangers(service);
  if (up && child.exitCode === null) return;
  throw new Failure(
    `the lab's mirror does not serve at ${service.listen.join(", ")}`,
    `${logFile(service.runDir)} ends with:\n${lastLines(fs.readFileSync(logFile(service.runDir), "utf8"), 5)}`,
  );
}

/** The mirror that the run folder's pid file names, if that process is one: ids are given to other programs again. */
export function runningMirror(runDir: string): { pid: number; command: string[] } | undefined {
  try {
    const pid = Number(fs.readFileSync(pidFile(runDir), "utf8").trim());
    const command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    const serve = command.indexOf("serve");
    const isMirror = path.basename(command[serve - 1] ?? "") === mirrorProgramName && command.includes(logFile(runDir));
    return isMirror ? { pid, command: command.slice(serve - 1) } : undefined;
  } catch {
    return undefined;
  }
}

function sameCommand(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, index) => word === other[index]);
}

/** The status of the mirror at the first address; nothing where no server listens, empty where it is no mirror. */
async function health(service: MirrorService): Promise<{ root?: string; pid?: number } | undefined> {
  try {
    const answer = await fetch(`http://${service.listen[0]}/healthz`, { signal: AbortSignal.timeout(2000) });
    return (await answer.json().catch(() => ({}))) as { root?: string; pid?: number };
  } catch {
    return undefined;
  }
}

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8").replace(/\(.*\)/, ""));
  } catch {
    return true;
  }
}

async function within(limitSeconds: number, done: () => Promise<boolean>): Promise<boolean> {
  const ask = async () => (await done()) || undefined;
  return (await poll(ask, { limitSeconds, everySeconds: pollSeconds })) === true;
}
