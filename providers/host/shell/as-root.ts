import { randomBytes } from "node:crypto";
import { readShell } from "./library";

/**
 * The one command that scripts are sent to, by standard input. It is the same for all, and of plain words alone: login
 * shells quote in different ways (fish drops backslashes, csh takes no line break), and print what they like before it.
 */
export const SCRIPT_COMMAND = "bash -s";

/** sudo's refusal is known by its words, which must not be those of the host's language. */
const SUDO = "export LC_ALL=C; exec sudo -n bash -s\n";

/** Who logs in, and how sudo makes root of that user. */
export interface RootLogin {
  user: string;
  /** What sudo asks for; one line. Left out: it asks nothing. */
  sudoPassword?: string;
}

/** The standard input with which `SCRIPT_COMMAND` runs a script as root. With a password it is a secret. */
export function asRoot(script: string, { user, sudoPassword }: RootLogin): string {
  if (user === "root") return script;
  return sudoPassword === undefined
    ? `${SUDO}${script}`
    : `${readShell(__dirname, "sudo-password.sh")}${sudoPassword}\n${script}`;
}

/** A word that no shell, profile or message of the day prints by itself. */
export function newMarker(): string {
  return `homelab-${randomBytes(12).toString("hex")}`;
}

/** A script that says where its own output begins and ends: login shells and their profiles print more. See `answerOf`. */
export function marked(script: string, marker: string): string {
  return `echo ${marker}; echo ${marker} >&2; bash -s; code=$?; echo ${marker} $code; exit $code\n${script}`;
}

interface Answer {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/**
 * What a marked script itself printed, and its exit code, whatever the login shell made of them.
 *
 * @returns `undefined` where it did not run, `"cut"` where its end is missing
 */
export function answerOf(
  { stdout, stderr }: { stdout: string; stderr: string },
  marker: string,
): Answer | "cut" | undefined {
  const printed = after(stdout, `${marker}\n`);
  if (printed === undefined) return undefined;
  const end = new RegExp(`${marker} (\\d+)(?:\\n|$)`).exec(printed);
  if (!end) return "cut";
  return {
    stdout: printed.slice(0, end.index),
    stderr: after(stderr, `${marker}\n`) ?? stderr,
    exitCode: Number(end[1]),
  };
}

function after(text: string, mark: string): string | undefined {
  const start = text.indexOf(mark);
  return start < 0 ? undefined : text.slice(start + mark.length);
}
