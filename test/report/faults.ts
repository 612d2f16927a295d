import * as fs from "node:fs";
import * as path from "node:path";
import { load } from "js-yaml";
import ts from "typescript";
import { foldersWith } from "./tiers";

/** A fault that is injected, or a drill. */
export interface Fault {
  /** Drills have none. */
  number?: number;
  /** Begins the titles of its tests, before a colon. */
  name: string;
  inject: string;
  expect: string;
  /** Where it was seen. */
  source?: string;
  /** Why there is no test of it. */
  untested?: string;
}

interface FaultList {
  cases: (Fault & { number: number })[];
  /** Found since: without a number. */
  more: Fault[];
  drills: Fault[];
}

export const FAULTS = load(fs.readFileSync(path.join(__dirname, "faults.yaml"), "utf8")) as FaultList;

/** The fault that a test means: by its whole name, or by the first part of a name such as "swap-on + reboot". */
export function faultNamed(name: string): Fault | undefined {
  const { cases, more, drills } = FAULTS;
  return [...cases, ...more, ...drills].find(
    (fault) => fault.name === name || fault.name.split(/ ?[/+] ?/)[0] === name,
  );
}

/** A test that says in its title which faults it injects. */
export interface FaultTest {
  /** Whole names of faults; those that are not known as they stand there. */
  names: string[];
  /** Path in the checkout. */
  file: string;
  title: string;
}

/** Tests that carry names of faults, in the order of their files. */
export function faultTests(checkout: string): FaultTest[] {
  return foldersWith(path.join(checkout, "test"), ".ts")
    .flatMap((folder) => fs.readdirSync(folder).map((entry) => path.join(folder, entry)))
    .filter((file) => file.endsWith(".ts"))
    .sort()
    .flatMap((file) =>
      titlesIn(fs.readFileSync(file, "utf8"), (name) => faultNamed(name) !== undefined).map((title) => ({
        names: namesIn(title).map((name) => faultNamed(name)?.name ?? name),
        file: path.relative(checkout, file).replaceAll(path.sep, "/"),
        title,
      })),
    )
    .filter(({ names }) => names.length > 0);
}

/**
 * What stands before the colon of a title, where it looks like names of faults: one word each, with what follows it after
 * `/` or `+`, as in "swap-on + reboot, disk-full: …".
 */
export function namesIn(title: string): string[] {
  const [before = "", after] = title.split(/: (.*)/s);
  if (after === undefined) return [];
  const names = before.split(", ");
  return names.every((name) => /^[\w-]+((\/| [/+] ).+)?$/.test(name)) ? names : [];
}

/**
 * The titles of `test` and `it`, also of their variants such as `test.each(…)`. Where a title begins with what a table says,
 * there is one for each list in the file that begins with the name of a fault.
 */
export function titlesIn(source: string, isFault: (name: string) => boolean): string[] {
  const titles: string[] = [];
  const rows: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isArrayLiteralExpression(node)) {
      const [first] = node.elements;
      if (first && ts.isStringLiteralLike(first) && isFault(first.text)) rows.push(first.text);
    }
    if (ts.isCallExpression(node) && /^(test|it)\b/.test(calledName(node.expression))) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", source, ts.ScriptTarget.Latest));
  return titles.flatMap((title) => {
    const rest = /^(?:%s|\$name)(:.*)/s.exec(title)?.[1];
    return rest === undefined ? [title] : rows.map((row) => `${row}${rest}`);
  });
}

function calledName(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression)) return calledName(expression.expression);
  return ts.isCallExpression(expression) || ts.isTaggedTemplateExpression(expression)
    ? calledName(ts.isCallExpression(expression) ? expression.expression : expression.tag)
    : "";
}
