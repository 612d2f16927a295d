import { structuredPatch } from "diff";
import { type ExpectedFact, readExpected } from "../../providers/host/facts/expected";
import { filesIn } from "../../providers/host/shell/quote";
import type { Line } from "./plan";

/** How one script differs from another, by what it leaves on its host. */
export interface ScriptChanges {
  lines: Line[];
  /** The facts that differ, as `<kind> <key>`. */
  facts: ReadonlySet<string>;
}

/** Lines of context around a line that differs in a file. */
const CONTEXT = 0;
/** Lines of a script that are shown where nothing else says what it does. */
const SCRIPT_LINES = 12;

/**
 * Compares by the facts that the scripts expect on the host and the files that they write. Where neither differs, the scripts' own
 * lines are compared: what is left is how the work is done.
 */
export function scriptChanges(before: string, after: string): ScriptChanges {
  const facts = factChanges(readExpected(before), readExpected(after));
  const files = fileChanges(filesIn(before), filesIn(after));
  const lines = [
    ...facts.filter(({ fact }) => !files.has(fact)).map(({ line }) => line),
    ...[...files.values()].flat(),
  ];
  const names = new Set([...facts.map(({ fact }) => fact), ...files.keys()]);
  return { lines: lines.length > 0 ? lines : few(difference(bare(before), bare(after))), facts: names };
}

/** What a script leaves on a host that has nothing of it yet. */
export function wholeScript(script: string): Line[] {
  return readExpected(script)
    .filter(({ kind }) => kind !== "hold" && kind !== "unit-enabled" && kind !== "unit-active")
    .map((fact) => ({ mark: "+", text: shown(fact) }));
}

function factChanges(before: readonly ExpectedFact[], after: readonly ExpectedFact[]): { fact: string; line: Line }[] {
  const name = ({ kind, key }: ExpectedFact): string => `${kind} ${key}`;
  const compared = (facts: readonly ExpectedFact[], others: readonly ExpectedFact[], mark: Line["mark"]) =>
    facts
      .filter((fact) => !others.some((other) => name(other) === name(fact) && other.value === fact.value))
      .map((fact) => ({ fact: name(fact), line: { mark, text: shown(fact) } }));
  return [...compared(before, after, "-"), ...compared(after, before, "+")].sort((a, b) => compare(a.fact, b.fact));
}

/** The kind, the key, and the value where it says something to a reader. */
function shown({ kind, key, value }: ExpectedFact): string {
  const silent = value === undefined || kind === "file" || value === "*";
  return silent ? `${kind} ${key}` : `${kind} ${key} = ${value}`;
}

/** Of each file that differs: its name, and below it the lines. By the name of its fact. */
function fileChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Map<string, Line[]> {
  const changes = new Map<string, Line[]>();
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) continue;
    const mark = old === undefined ? "+" : now === undefined ? "-" : " ";
    const inside = difference(old ?? "", now ?? "").map(({ mark, text }): Line => ({ mark, text: `  ${text}` }));
    changes.set(`file ${path}`, [{ mark, text: `file ${path}` }, ...inside]);
  }
  return changes;
}

/** The lines of a text that come and go. */
export function difference(before: string, after: string): Line[] {
  const { hunks } = structuredPatch("", "", before, after, undefined, undefined, { context: CONTEXT });
  return hunks
    .flatMap(({ lines }) => lines)
    .filter((line) => /^[+-]/.test(line))
    .map((line) => ({ mark: line[0] as Line["mark"], text: line.slice(1) }));
}

/** Without what only keeps the books: what is remembered for the host's removal, and what is expected. */
function bare(script: string): string {
  return script.replace(/^ *(remember_\w+|expect) .*\n/gm, "");
}

function few(lines: Line[]): Line[] {
  const left = lines.length - SCRIPT_LINES;
  if (left <= 0) return lines;
  return [...lines.slice(0, SCRIPT_LINES), { mark: " ", text: `… ${left} more lines of the script` }];
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
