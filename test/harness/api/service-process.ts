import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { eventually } from "../eventually";

/**
 * Ends the program when the pipe closes: with this process too, however that ends. An API server whose etcd is gone doesn't
 * end when it is asked to.
 */
const WITH_ITS_PARENT = `"$@" &
program=$!
(read -r _; kill "$program"; sleep 10; kill -KILL "$program") >/dev/null 2>&1 <&3 &
watch=$!
wait "$program"
ended=$?
kill "$watch" 2>/dev/null
exit "$ended"`;

const LAST_LINES = 5;

/** A program that serves as long as a test needs it, and never longer than the test's own process. */
export class ServiceProcess {
  private constructor(
    readonly name: string,
    private readonly shell: ChildProcess,
    private readonly log: string,
  ) {}

  /** @param log file that gets what the program prints */
  static start(name: string, program: string, args: readonly string[], log: string): ServiceProcess {
    const output = openSync(log, "a");
    const shell = spawn("/bin/sh", ["-c", WITH_ITS_PARENT, "sh", program, ...args], {
      stdio: ["ignore", output, output, "pipe"],
    });
    closeSync(output);
    return new ServiceProcess(name, shell, log);
  }

  get ended(): boolean {
    return this.shell.exitCode !== null || this.shell.signalCode !== null;
  }

  /** Waits until it serves. Throws with the end of its log where it ended or the time is over. */
  async serving(ask: () => Promise<boolean>, limitSeconds: number): Promise<void> {
    let serves = false;
    await eventually(async () => this.ended || (serves = await ask()), limitSeconds, 100);
    if (serves) return;
    const why = this.ended ? "ended" : `does not serve after ${limitSeconds} s`;
    throw new Error(`${this.name} ${why}; its log ends with:\n${this.lastLines()}`);
  }

  /** Ends it, and waits until it is gone. */
  async end(): Promise<void> {
    if (this.ended) return;
    const gone = once(this.shell, "exit");
    const pipe = this.shell.stdio[3] as Writable;
    pipe.end();
    await gone;
    pipe.destroy();
  }

  private lastLines(): string {
    return readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  }
}
