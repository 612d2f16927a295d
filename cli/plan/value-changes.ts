import { isMapping } from "../../settings/stack-file";
import { UNKNOWN } from "../../providers/driver";
import type { Line } from "./plan";

/** Longest value that is shown, in characters. */
const LENGTH = 120;

/** The leaves in which two values differ, by their paths: what comes and what goes. What is unknown or masked on a side is left out. */
export function valueChanges(before: unknown, after: unknown, path: readonly string[] = []): Line[] {
  if (hidden(before) || hidden(after) || JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isMapping(before) && isMapping(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => valueChanges(before[name], after[name], [...path, name]));
  }
  return [...leaves(before, path, "-"), ...leaves(after, path, "+")];
}

function leaves(value: unknown, path: readonly string[], mark: Line["mark"]): Line[] {
  if (value === undefined || hidden(value)) return [];
  if (isMapping(value) && Object.keys(value).length > 0)
    return Object.keys(value)
      .sort()
      .flatMap((name) => leaves(value[name], [...path, name], mark));
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const [first = "", ...more] = text.split("\n");
  const shown = first.length > LENGTH || more.length > 0 ? `${first.slice(0, LENGTH)} …` : first;
  return [{ mark, text: `${path.join(".")} = ${shown}` }];
}

/** How Pulumi shows a secret. */
export const MASKED = "[secret]";

/** A value that a preview doesn't show: a secret, or one that only an `up` will know. */
function hidden(value: unknown): boolean {
  return value === UNKNOWN || value === MASKED;
}
