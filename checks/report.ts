import type { Finding, Status } from "./finding";

export const MARKS: Readonly<Record<Status, string>> = { ok: "✓", warning: "!", failed: "✗", skipped: "–" };

/** Whether nothing failed. What was not checked is no failure, and neither is a warning. */
export function allWell(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "failed");
}

/** The findings as a table, the actions, and the counts as the last line. */
export function reportLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const rows = findings.map(
    ({ status, subject, text }) => `${MARKS[status]} ${subject.padEnd(width)}  ${oneLine(text)}`,
  );
  const actions = findings.flatMap(({ status, subject, action }) =>
    action ? [`${MARKS[status]} ${subject}`, `  ${action}`] : [],
  );
  return [...rows, ...(actions.length > 0 ? ["", "What to do:", ...actions] : []), "", counts(findings)];
}

/** What `--json` prints. */
export function reportJson(stack: string, findings: readonly Finding[], seconds: number): string {
  return JSON.stringify({ stack, ok: allWell(findings), seconds: Math.round(seconds), findings }, undefined, 2);
}

function counts(findings: readonly Finding[]): string {
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length;
  const warnings = count("warning");
  return [
    `${count("ok")} ok`,
    ...(warnings > 0 ? [`${warnings} to see to`] : []),
    `${count("failed")} failed`,
    `${count("skipped")} not checked`,
  ].join(", ");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
