import type { Change, Plan } from "./plan";
import { headline, MARKS, summary } from "./wording";

/** The plan for a person at a terminal, without colours: lines, the first of which says the most. */
export function forTerminal(plan: Plan): string[] {
  const lines = [headline(plan)];
  for (const warning of plan.warnings) lines.push("", ...indented(`! ${warning}`, 2));
  for (const error of plan.errors) lines.push("", ...indented(error, 2));
  for (const refused of plan.refused) lines.push("", `  ✗ up would refuse this: ${refused}.`);
  for (const change of plan.changes) lines.push("", ...shown(change));
  if (plan.errors.length > 0) return lines;
  return [...lines, "", ...summary(plan).map((line) => `  ${line}`)];
}

function shown({ operation, title, hosts, lines, effects, setBy }: Change): string[] {
  const where = hosts.length > 1 ? `${hosts.join(", ")}, at the same time` : hosts.join("");
  const heading = [title, where, ...setBy.map((place) => `(${place})`)].filter(Boolean).join("  ");
  return [
    `  ${MARKS[operation]} ${heading}`,
    ...effects.map((effect) => `      ! ${effect}`),
    ...lines.map(({ mark, text }) => `      ${mark} ${text}`),
  ];
}

function indented(text: string, by: number): string[] {
  return text.split("\n").map((line) => " ".repeat(by) + line);
}
