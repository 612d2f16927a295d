import type { Diagnosis } from "../../diagnosis";

/**
 * What went wrong with the `multipass` command:
 * - `not-installed`: there is no such program on PATH.
 * - `command-line`: it did not understand its arguments (exit code 1).
 * - `failed`: what was asked for failed (2).
 * - `no-daemon`: its service does not answer (3).
 * - `retry`: it asks for another try, also after several (4).
 * - `timeout`: it, or we, waited too long; the work may go on in the background.
 */
export type MultipassErrorKind = "not-installed" | "command-line" | "failed" | "no-daemon" | "retry" | "timeout";

/** A `multipass` command that failed, as the person at the terminal reads it: VM first, then what, why, and what to do. */
export class MultipassError extends Error {
  constructor(
    readonly kind: MultipassErrorKind,
    readonly machine: string,
    doing: string,
    /** What the command wrote to standard error. */
    readonly stderr: string,
  ) {
    const { problem, action } = explanation(kind, stderr);
    super(`${machine}: ${doing} failed: ${problem}. ${action}`);
    this.name = "MultipassError";
  }
}

type Explanation = Omit<Diagnosis, "subject">;

const AGAIN = "then run the same command again";

function explanation(kind: MultipassErrorKind, stderr: string): Explanation {
  const said = stderr.trim().replace(/\.$/, "");
  switch (kind) {
    case "not-installed":
      return {
        problem: "there is no program 'multipass' on PATH",
        action:
          "Install Multipass (Linux: `sudo snap install multipass`; macOS: `brew install --cask multipass`), or use the stack 'lab', " +
          "which needs no virtual machines but Linux",
      };
    case "no-daemon":
      return {
        problem: said || "the service of Multipass does not answer",
        action:
          "Is the service running (Linux: `snap start multipass`; macOS: `sudo launchctl kickstart -k system/com.canonical.multipassd`)? " +
          `\`multipass list\` must answer; ${AGAIN}`,
      };
    case "command-line":
      return {
        problem: said || "Multipass did not understand its arguments",
        action: `Is this Multipass old? \`multipass version\` says; bring it up to date, ${AGAIN}`,
      };
    case "timeout":
      return {
        problem: said || "it took too long",
        action: "The VM may still be coming up: see `multipass list`; " + AGAIN,
      };
    case "retry":
      return { problem: said || "Multipass asked several times for another try", action: `Wait a moment, ${AGAIN}` };
    case "failed":
      return { problem: said || "Multipass said nothing", action: advice(said) };
  }
}

/** What to do about the messages of Multipass that people meet. */
function advice(said: string): string {
  const known: [RegExp, string][] = [
    [/cannot allocate memory|not enough memory|insufficient memory|out of memory/i, LESS_MEMORY],
    [/available disk|no space left|not enough (disk )?space|insufficient (disk )?space/i, LESS_DISK],
    [/network .*(not found|does not exist|invalid)|invalid (bridge|network)/i, NETWORKS],
    [/(unable to find|not find|unknown) .*image|image .*(not found|unavailable)/i, IMAGES],
    [
      /download|host .* not found|network timeout|ssl handshake/i,
      `Is the Internet reached from this workstation? ${AGAIN_ALONE}`,
    ],
  ];
  return known.find(([pattern]) => pattern.test(said))?.[1] ?? `Fix the cause, ${AGAIN}`;
}

const AGAIN_ALONE = "Then run the same command again";
const LESS_MEMORY = `Stop other VMs, or set less 'memory' for the machines; ${AGAIN}`;
const LESS_DISK = `Make room on this workstation's disk, or set a smaller 'disk' for the machines; ${AGAIN}`;
const NETWORKS = `\`multipass networks\` lists the networks of this workstation; correct 'networks', ${AGAIN}`;
const IMAGES = `\`multipass find\` lists the images; correct 'image', ${AGAIN}`;
