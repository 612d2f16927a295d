import { meaningOfAccepting } from "./finding-names";
import type { Finding } from "./hosts";

/** The whole line; the engine indents it by a few columns more. */
const WIDTH = 96;
const GAP = "  ";
const WIDEST_HOST = 20;
const HEADER = { host: "host", problem: "what was found", action: "what to do" };
/** The row of the workstation, which is no host of the inventory. */
const WORKSTATION = "(here)";

/** All findings as one table of plain text: host, problem, what to do. Its rows are in the order of `hostNames`. */
export function findingsTable(findings: readonly Finding[], hostNames: readonly string[]): string {
  const place = ({ hosts: [first = ""] }: Finding) => (first === "" ? hostNames.length : hostNames.indexOf(first));
  const rows = [...findings]
    .sort((a, b) => place(a) - place(b))
    .map(({ hosts, problem, ...finding }) => ({
      host: hosts.join(", ") || WORKSTATION,
      problem,
      action: whatToDo(finding),
    }));
  const hostWidth = Math.min(WIDEST_HOST, Math.max(...[HEADER, ...rows].map(({ host }) => longestWord(host))));
  const rest = WIDTH - hostWidth - 2 * GAP.length;
  const problemWidth = Math.floor(rest / 2);
  const line = (row: typeof HEADER) => {
    const cells = [wrap(row.host, hostWidth), wrap(row.problem, problemWidth), wrap(row.action, rest - problemWidth)];
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, index) =>
      [hostWidth, problemWidth, 0]
        .map((width, column) => (cells[column]?.[index] ?? "").padEnd(width))
        .join(GAP)
        .trimEnd(),
    ).join("\n");
  };
  const rule = "-".repeat(WIDTH);
  return [line(HEADER), rule, ...rows.map(line), rule].join("\n");
}

/** What to do about a finding, the way to accept it included. */
export function whatToDo({ name, action }: Pick<Finding, "name" | "action">): string {
  if (meaningOfAccepting(name) === undefined) return action;
  return `${action}; or accept it: preflight.accept: [${name}] in the settings`;
}

function longestWord(text: string): number {
  return Math.max(...text.split(" ").map(({ length }) => length));
}

/** Breaks at spaces; a word that is longer than a line is broken too. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((whole) => whole.match(new RegExp(`.{1,${width}}`, "g")) ?? [])) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
