import type { Diagnosis } from "../providers/diagnosis";

/** A warning is no failure today, and becomes one soon. */
export type Status = "ok" | "warning" | "failed" | "skipped";

/** What a check says of one thing. A warning and a failure are diagnoses: their text is the problem, and they have an action. */
export interface Finding extends Pick<Diagnosis, "subject">, Partial<Pick<Diagnosis, "action">> {
  status: Status;
  /** What was found; where it was not checked, why. One sentence without its full stop. */
  text: string;
}

export const ok = (subject: string, text: string): Finding => ({ subject, status: "ok", text });
export const skipped = (subject: string, text: string): Finding => ({ subject, status: "skipped", text });
export const failed = (subject: string, text: string, action: string): Finding => ({
  subject,
  status: "failed",
  text,
  action,
});
export const warning = (subject: string, text: string, action: string): Finding => ({
  subject,
  status: "warning",
  text,
  action,
});

/** Thrown by a check that can't go on, where it knows why. */
export class CheckFailure extends Error implements Omit<Diagnosis, "subject"> {
  constructor(
    readonly problem: string,
    readonly action: string,
  ) {
    super(problem);
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
