/** How often a step's drift was found on its host, and what was found last. */
export interface Drift {
  /** Never goes down. A step that is re-run because of drift is re-run because this went up. */
  generation: number;
  reason: string;
}

/** Longest reason that a command carries, in characters. */
const REASON_LENGTH = 120;
const MARK = " # drift ";

/**
 * A step's command with its drift, which re-runs the step when it changes, and which a preview shows. It is a comment of one line:
 * nothing in it can end the comment or reach a shell.
 *
 * In the command, because `remote.Command` has no other input for it: `triggers` replace the resource, and what depends on it;
 * `environment` goes through sshd, which refuses it by default; `stdin` is a secret where sudo asks for a password, and is the
 * script, whose lines a preview compares.
 */
export function withDrift(command: string, { generation, reason }: Drift): string {
  const plain = reason
    .replace(/[^A-Za-z0-9 ._:/=,@+-]+/g, " ")
    .replace(/ +/g, " ")
    .trim()
    .slice(0, REASON_LENGTH);
  return `${command}${MARK}${`${generation} ${plain}`.trim()}`;
}

/** The reason that `withDrift` gave a command; `undefined` where there is none. */
export function driftReason(command: string): string | undefined {
  const start = command.lastIndexOf(MARK);
  if (start < 0 || command.includes("\n", start)) return undefined;
  const [, ...words] = command.slice(start + MARK.length).split(" ");
  return words.join(" ") || undefined;
}
