import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Answer } from "./in-process-server";

/** Runs a command by the workstation's shell, as sshd does, with nothing in the environment but what is given. */
export function byShell(env: NodeJS.ProcessEnv): Answer {
  return (channel, command) => {
    const child = spawn("/bin/sh", ["-c", command], { env });
    channel.pipe(child.stdin);
    // A command that ends before it has read everything is none of the test's errors.
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", (chunk: Buffer) => channel.write(chunk));
    child.stderr.on("data", (chunk: Buffer) => channel.stderr.write(chunk));
    child.on("close", (code, signal) => {
      channel.exit(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
      channel.end();
    });
  };
}
