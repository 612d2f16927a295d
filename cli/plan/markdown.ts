import type { Change, Line, Plan } from "./plan";
import { headline, MARKS, summary } from "./wording";

/** GitHub refuses a comment of more than 65,536 characters. In bytes of UTF-8. */
const BUDGET_BYTES = 60_000;
/** Characters of a name in a line of its own words, and of what a program says where it says too much. */
const NAME_LENGTH = 200;
const TEXT_LENGTH = 1000;

/** How much is shown. What fails, what is refused, what is disturbed and the counts are shown at every level. */
interface Level {
  /** Rows of the table. */
  rows: number;
  /** Lines of each change. */
  lines: number;
  /** Texts in an alert. */
  texts: number;
}

const LEVELS: readonly Level[] = [
  { rows: Infinity, lines: Infinity, texts: Infinity },
  { rows: Infinity, lines: 20, texts: Infinity },
  { rows: Infinity, lines: 0, texts: Infinity },
  { rows: 40, lines: 0, texts: Infinity },
  { rows: 0, lines: 0, texts: 10 },
];

/**
 * The plan as GitHub's Markdown, 60,000 bytes at most. Whatever the settings hold is code in it, where GitHub makes no markup, link
 * or mention of it.
 */
export function forPullRequest(plan: Plan): string {
  const texts = LEVELS.map((level) => rendered(plan, level));
  return texts.find((text) => Buffer.byteLength(text) <= BUDGET_BYTES) ?? (texts.at(-1) as string);
}

function rendered(plan: Plan, { rows, lines, texts }: Level): string {
  const { changes, errors, warnings, refused } = plan;
  const effects = [...new Set(changes.flatMap((change) => change.effects))];
  const said = (kind: Alert, title: string, all: readonly string[]) =>
    all.length > 0 ? [alert(kind, title, all, texts)] : [];
  const blocks = [
    `## ${words(headline(plan))}`,
    ...said("CAUTION", "There is no plan:", errors),
    ...said("CAUTION", "`up` will refuse this:", refused),
    ...said("WARNING", "What runs is disturbed:", effects),
    ...said("NOTE", "The program says:", warnings),
    ...(changes.length > 0 ? [table(changes, rows)] : []),
    ...changes.filter((change) => lines > 0 && change.lines.length > 0).map((change) => details(change, lines)),
    ...(errors.length > 0 ? [] : [summary(plan).map(words).join("  \n")]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

type Alert = "CAUTION" | "WARNING" | "NOTE";

function alert(kind: Alert, title: string, all: readonly string[], most: number): string {
  const left = all.length - most;
  const shown = left > 0 ? [...all.slice(0, most).map((text) => clipped(text, TEXT_LENGTH)), `… ${left} more`] : all;
  const inside = [`**${title}**`, "", ...shown.flatMap((text) => fenced(text.split(/\r?\n/)))];
  return [`[!${kind}]`, ...inside].map((line) => `> ${line}`.trimEnd()).join("\n");
}

function table(changes: readonly Change[], most: number): string {
  const rows = changes.slice(0, most).map(({ operation, title, hosts, setBy }) => {
    const where = hosts.length > 1 ? `${hosts.map(code).join(", ")}, at the same time` : hosts.map(code).join("");
    return `| ${code(MARKS[operation])} | ${code(title)} | ${where} | ${setBy.map(code).join(", ")} |`;
  });
  const left = changes.length - rows.length;
  return [
    "| | what | hosts | set by |",
    "|-|-|-|-|",
    ...rows,
    ...(left > 0 ? [`| | and ${left} more changes | | |`] : []),
  ].join("\n");
}

function details({ title, lines }: Change, most: number): string {
  const left = lines.length - most;
  const shown: Line[] = left > 0 ? [...lines.slice(0, most), { mark: " ", text: `… ${left} more lines` }] : [...lines];
  return [
    `<details><summary>${words(title)}: ${lines.length} lines</summary>`,
    "",
    ...fenced(
      shown.map(({ mark, text }) => `${mark} ${text.replaceAll("\n", " ")}`),
      "diff",
    ),
    "",
    "</details>",
  ].join("\n");
}

/** A block of code that its lines can't end. */
function fenced(lines: readonly string[], language = "text"): string[] {
  const fence = fenceFor(lines.join("\n"), 3);
  return [`${fence}${language}`, ...lines, fence];
}

/** A text as code within a line, also in a cell of a table. */
function code(text: string): string {
  const line = clipped(text, NAME_LENGTH).replace(/\s+/g, " ").replaceAll("|", "\\|");
  const fence = fenceFor(line, 1);
  const pad = /^`|`$/.test(line) ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Backticks that a text has no run as long of: so it can't end the code that it is in. */
function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(Math.max(least, longest + 1));
}

/** A text of our own words with names in it: what Markdown or HTML would take for markup, or GitHub for a mention, is left out. */
function words(text: string): string {
  return clipped(text, 5 * NAME_LENGTH)
    .replace(/[^\p{L}\p{N} .,:;()/'’→…~+-]/gu, "")
    .replace(/\/\//g, "/ /");
}

function clipped(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
