import { createInterface } from "node:readline";
import execa from "execa";
import { Failure } from "./failure";
import type { Phase } from "./progress";

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Seconds after which the command is ended; none by default. */
  timeoutSeconds?: number;
  /** Text for its standard input; it has none by default. */
  input?: string;
  /** For `attached`: keeps the standard output off the terminal. */
  stdout?: "ignore";
}

/** How a command ended. A signal or a time-out has no exit code of its own, and counts as 1. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

/** Runs a command and answers how it ended, whatever that is: also where there is no such program. */
export async function run(program: string, args: string[], options: CommandOptions = {}): Promise<Ended> {
  const started = Date.now();
  const ended = await execa(program, args, { ...execaOptions(options), reject: false });
  // Node and execa both end the child at the time limit; only execa says so.
  const timedOut =
    ended.timedOut ||
    (ended.signal === "SIGTERM" && Date.now() - started >= (options.timeoutSeconds ?? Infinity) * 1000);
  return { ...endedOf(ended), timedOut };
}

/** How it ended, with why it did not even start where a program's standard error would be. */
export function endedOf(ended: execa.ExecaReturnValue): Omit<Ended, "timedOut"> {
  const stderr = ended.stderr || (ended.failed ? ((ended as { shortMessage?: string }).shortMessage ?? "") : "");
  return { exitCode: exitCodeOf(ended), stdout: ended.stdout ?? "", stderr };
}

/** Runs a command that must succeed; `doing` says in the failure what it was for. Answers its standard output. */
export async function must(doing: string, program: string, args: string[], options?: CommandOptions): Promise<string> {
  const ended = await run(program, args, options);
  if (ended.exitCode === 0) return ended.stdout;
  const why = ended.timedOut ? "it took too long" : lastLines(ended.stderr || ended.stdout, 20);
  throw new Failure(`${doing} failed (${program} ended with exit code ${ended.exitCode})`, why);
}

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

function execaOptions(options: CommandOptions): execa.Options {
  const input = options.input === undefined ? { stdin: "ignore" as const } : { input: options.input };
  return { cwd: options.cwd, env: options.env, timeout: (options.timeoutSeconds ?? 0) * 1000, ...input };
}

function exitCodeOf(ended: { exitCode?: number; failed: boolean }): number {
  return ended.exitCode ?? (ended.failed ? 1 : 0);
}

/** The last lines of a text: what a failed command said last is usually why. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
