import { constants } from "node:os";
import type { Client, ClientChannel } from "ssh2";
import { HostError } from "./errors";
import type { RunOptions, RunResult, SshTarget } from "./target";

const DEFAULT_MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
/** How much of a failed command's standard error goes into the message: its end says why. */
const STDERR_IN_MESSAGE = 4_000;

/** Runs one command over an open connection; see `SshSession.run`. `lost` rejects when the connection dies. */
export async function runOn(
  client: Client,
  lost: Promise<never>,
  target: SshTarget,
  doing: string,
  command: string,
  options: RunOptions,
): Promise<RunResult> {
  let channel: ClientChannel | undefined;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      channel?.signal("TERM");
      reject(ranTooLong(target, doing, options));
    }, options.timeoutSeconds * 1000);
  });
  const ended = new Promise<RunResult>((resolve, reject) => {
    client.exec(command, (error, opened) => {
      if (error) return reject(notStarted(target, doing, error));
      channel = opened;
      // At once: a short command's output and end may be in the same packet as its start.
      outcome(opened, target, doing, options).then(resolve, reject);
    });
  });
  try {
    return await Promise.race([ended, lost, tooLong]);
  } finally {
    clearTimeout(timer);
    ended.catch(() => undefined);
    channel?.close();
  }
}

/** A command's result where it succeeded; else an error of kind `command` with the end of its standard error. */
export function succeeded(host: string, doing: string, result: RunResult): RunResult {
  if (result.exitCode === 0) return result;
  const how = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`;
  const said = result.stderr.trim().slice(-STDERR_IN_MESSAGE);
  throw new HostError({
    kind: "command",
    host,
    doing,
    problem: said ? `the command ${how}:\n${said}\n` : `the command ${how} and said nothing`,
    action: "Fix the cause on the host and run the same command again",
  });
}

function notStarted(target: SshTarget, doing: string, error: Error): HostError {
  return new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    problem: `the host did not start a command: ${error.message}`,
    action: "Is a forced command or a session limit set in its sshd_config, or in authorized_keys?",
  });
}

function outcome(channel: ClientChannel, target: SshTarget, doing: string, options: RunOptions): Promise<RunResult> {
  const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  return new Promise((resolve, reject) => {
    const collect = (stream: NodeJS.ReadableStream): (() => string) => {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > limit) return reject(tooMuch(target, doing, limit));
        chunks.push(chunk);
      });
      return () => Buffer.concat(chunks).toString("utf8");
    };
    const stdout = collect(channel);
    const stderr = collect(channel.stderr);
    let ended: { exitCode: number; signal?: string } | undefined;
    channel.on("exit", (code: number | null, signal?: string) => {
      ended = code === null ? { exitCode: exitCodeOf(signal), signal: signal } : { exitCode: code };
    });
    channel.on("error", reject);
    channel.on("close", () => {
      if (ended) resolve({ stdout: stdout(), stderr: stderr(), ...ended });
      else reject(vanished(target, doing));
    });
    channel.end(options.stdin ?? "");
  });
}

function exitCodeOf(signal: string | undefined): number {
  const signals: Record<string, number> = constants.signals;
  return 128 + (signals[signal ?? ""] ?? 0);
}

function ranTooLong(target: SshTarget, doing: string, options: RunOptions): HostError {
  return new HostError({
    kind: "timeout",
    host: target.name,
    doing,
    problem: `the command ran longer than ${options.timeoutSeconds} s`,
    action: `It may still be running: look with 'ps axf' on ${target.name} before you run the same command again`,
  });
}

function tooMuch(target: SshTarget, doing: string, limit: number): HostError {
  return new HostError({
    kind: "command",
    host: target.name,
    doing,
    problem: `the command printed more than ${limit} bytes`,
    action: "This is not what it should do; check the host",
  });
}

function vanished(target: SshTarget, doing: string): HostError {
  return new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    problem: "the connection was lost before the command's end was known",
    action: "Run the same command again: it goes on where this one stopped",
  });
}
