import { attached } from "./programs";
import { Failure, run } from "../lab/run-program";
import { say } from "./progress";

/** How often sudo's own time limit is pushed back while a command runs, in milliseconds. */
const KEEP_ALIVE_MS = 60_000;

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A command as root: as it is where we are root, else by sudo. */
export function asRoot(command: string[]): string[] {
  return isRoot() ? command : ["sudo", ...command];
}

/**
 * Makes sure that sudo asks for no password while this process runs, by asking for it now: machines are made by
 * background processes that can't ask. `what` says what it is for.
 */
export async function requireRoot(what: string): Promise<void> {
  if (isRoot()) return;
  if ((await run("sudo", ["-n", "true"])).exitCode !== 0) {
    say(`sudo is needed for ${what}`);
    if (!process.stdin.isTTY || (await attached("sudo", ["-v"])) !== 0) {
      throw new Failure(
        `root is needed for ${what}`,
        "Run the command again in a terminal as a user who may use sudo, or as root.",
      );
    }
  }
  setInterval(() => void run("sudo", ["-n", "-v"]), KEEP_ALIVE_MS).unref();
}
