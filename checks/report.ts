import type { Finding, Status } from "./finding";

export const MARKS: Readonly<Record<Status, string>> = { ok: "✓", warning: "!", failed: "✗", skipped: "–" };

/** Whether nothing failed. What was not looked at, and what needs attention only soon, is no failure. */
export function allWell(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "failed");
}

/** The findings as a table, what to do about each that asks for it, and the counts as the last line. */
export function reportLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const rows = findings.map(({ status, name, seen }) => `${MARKS[status]} ${name.padEnd(width)}  ${oneLine(seen)}`);
  const advices = findings.flatMap(({ status, name, advice }) =>
    advice ? [`${MARKS[status]} ${name}`, `  ${advice}`] : [],
  );
  return [...rows, ...(advices.length > 0 ? ["", "What to do:", ...advices] : []), "", counts(findings)];
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
    `${count("skipped")} not looked at`,
  ].join(", ");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
