import execa from "execa";

/**
 * A failure that is explained to the user: its message is the problem. Anything else that is thrown is a defect, and is
 * printed with its stack.
 */
export class Failure extends Error {
  constructor(
    message: string,
    /** What to do about it; or what the failed program said, where that is all there is. */
    readonly action?: string,
  ) {
    super(message);
    this.name = "Failure";
  }
}

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

/** How a command ended. A signal or a time-out has no exit code, and counts as 1. */
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

/** What execa is told of them; a program has no standard input unless it is given one. */
export function execaOptions(options: CommandOptions): execa.Options {
  const input = options.input === undefined ? { stdin: "ignore" as const } : { input: options.input };
  return { cwd: options.cwd, env: options.env, timeout: (options.timeoutSeconds ?? 0) * 1000, ...input };
}

/** A signal or a time-out has no exit code, and counts as 1. */
export function exitCodeOf(ended: { exitCode?: number; failed: boolean }): number {
  return ended.exitCode ?? (ended.failed ? 1 : 0);
}

/** The last lines of a text: what a failed command said last is usually why. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
