import { createHash } from "node:crypto";
import { quote, unquote } from "../shell/quote";
import type { FactName } from "./facts";

/** Where each step writes what it expects to find on the host from then on, one file a step. */
export const EXPECTED_FOLDER = "/var/lib/homelab/expected";

/** One fact that a step leaves on a host, and that the inspection observes again. */
export interface ExpectedFact {
  kind: FactName;
  key: string;
  /** Left out: what the host shows at the step's end, where the step decides it on the host. */
  value?: string;
}

/** Printable ASCII but for `"` and `\`: then JSON needs no escapes, and bash can read it line by line. */
const FACT_TEXT = /^[ !#-[\]-~]+$/;

/** A file with this content and mode (octal digits, as in "644"). */
export function expectedFile(path: string, content: string, mode = "644"): ExpectedFact {
  return { kind: "file", key: path, value: `${createHash("sha256").update(content).digest("hex")} ${mode}` };
}

/** The distribution's packages, in whatever version it has. */
export function expectedPackages(packages: readonly string[]): ExpectedFact[] {
  return packages.map((name) => ({ kind: "package", key: name, value: "*" }));
}

/**
 * Shell commands that write a step's expected state. They belong at the end of the step.
 *
 * @throws Error where a fact has a character that the reader can't take.
 */
export function expectCommands(facts: readonly ExpectedFact[]): string {
  const lines = facts.map(({ kind, key, value }) => {
    const words = value === undefined ? [key] : [key, value];
    for (const text of words) {
      if (!FACT_TEXT.test(text)) {
        throw new Error(`'${text}' can't be expected: only printable ASCII without quotation mark and backslash can`);
      }
    }
    return `expect ${kind} ${words.map(quote).join(" ")}`;
  });
  return [...lines, "write_expected"].join("\n");
}

/** The facts that `expectCommands` wrote into a script. */
export function readExpected(script: string): ExpectedFact[] {
  return [...script.matchAll(/^expect ([a-z-]+) (.+)$/gm)].map(([, kind, words = ""]) => {
    const [key = "", value] = unquote(words);
    return { kind: kind as FactName, key, ...(value === undefined ? {} : { value }) };
  });
}
