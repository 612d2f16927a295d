import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import execa from "execa";
import { type CommandOptions, execaOptions, exitCodeOf, Failure } from "../lab/run-program";
import type { Phase } from "./progress";

/** Runs a command and hands each line of its output (both streams) to `onLine` as it comes. Answers the exit code. */
export async function follow(
  program: string,
  args: string[],
  onLine: (line: string) => void,
  options: CommandOptions = {},
): Promise<number> {
  const child = execa(program, args, { ...execaOptions(options), reject: false, buffer: false });
  // Each stream by itself: a line of one must not end in the middle of a line of the other.
  const readToEnd = [child.stdout, child.stderr].map(async (stream) => {
    if (stream) for await (const line of createInterface({ input: stream })) onLine(line);
  });
  const stopWaiting = outliveInterrupts(child);
  const [ended] = await Promise.all([child, ...readToEnd]);
  stopWaiting();
  return exitCodeOf(ended);
}

/**
 * Lets an interrupted command come to its own end: Ctrl-C reaches the child by the terminal, a SIGTERM is passed on. A second
 * one is passed on, too.
 */
function outliveInterrupts(child: execa.ExecaChildProcess): () => void {
  const pass = (): void => void child.kill("SIGTERM", { forceKillAfterTimeout: false });
  const ignore = (): void => undefined;
  process.on("SIGTERM", pass).on("SIGINT", ignore);
  return () => void process.off("SIGTERM", pass).off("SIGINT", ignore);
}

/** Runs a command on the terminal itself. Answers the exit code. */
export async function attached(program: string, args: string[], options: CommandOptions = {}): Promise<number> {
  return exitCodeOf(
    await execa(program, args, {
      ...execaOptions(options),
      stdin: "inherit",
      stdout: options.stdout ?? "inherit",
      stderr: "inherit",
      reject: false,
    }),
  );
}

/** Like `must`, with the newest line of the output shown behind the phase's title. */
export async function inPhase(phase: Phase, doing: string, command: string[], options?: CommandOptions): Promise<void> {
  const [program = "", ...args] = command;
  const lines: string[] = [];
  const exitCode = await follow(
    program,
    args,
    (line) => {
      lines.push(line);
      phase.note(line.trim());
    },
    options,
  );
  if (exitCode === 0) return;
  throw new Failure(`${doing} failed (${program} ended with exit code ${exitCode})`, lines.slice(-20).join("\n"));
}

/** Folders of programs that a user's PATH may lack, although they hold what root's has. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * The file that runs as `name`, looked up as a shell does; `undefined` where there is none.
 *
 * @param except folders whose programs do not count, nor do those of folders below them
 */
export function findProgram(
  name: string,
  except: string[] = [],
  searchPath = process.env.PATH ?? "",
): string | undefined {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => folder !== "" && !except.some((excluded) => isInside(folder, excluded)))
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** Like `findProgram`, also where only root's PATH has it. */
export function findSystemProgram(name: string): string | undefined {
  return findProgram(name, [], [process.env.PATH, ...SYSTEM_FOLDERS].join(path.delimiter));
}

/** True for the folder itself and for everything in it. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
