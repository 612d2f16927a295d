/** How a thing was found. A warning is in order today, and needs somebody's attention soon. */
export type Status = "ok" | "warning" | "failed" | "skipped";

/** What one check has to say of one thing. */
export interface Finding {
  /** Of what, as in "nodes". */
  name: string;
  status: Status;
  /** What was seen; where it was not looked at, why not. One sentence without its full stop. */
  seen: string;
  /** What to do about it; with each warning and each failure. */
  advice?: string;
}

export const ok = (name: string, seen: string): Finding => ({ name, status: "ok", seen });
export const skipped = (name: string, why: string): Finding => ({ name, status: "skipped", seen: why });
export const failed = (name: string, seen: string, advice: string): Finding => ({
  name,
  status: "failed",
  seen,
  advice,
});
export const warning = (name: string, seen: string, advice: string): Finding => ({
  name,
  status: "warning",
  seen,
  advice,
});

/** Thrown by a check that can't go on, where it knows why. */
export class CheckFailure extends Error {
  constructor(
    readonly seen: string,
    readonly advice: string,
  ) {
    super(seen);
    this.name = "CheckFailure";
  }
}

/** How many of a list are named. */
const NAMED = 3;

/** The first of a list, and how many more there are. */
export function few(texts: readonly string[], separator = "; "): string {
  const more = texts.length - NAMED;
  return texts.slice(0, NAMED).join(separator) + (more > 0 ? `${separator}and ${more} more` : "");
}
