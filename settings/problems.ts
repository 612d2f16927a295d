import type { z } from "zod";
import { isSecretAt, settingNamesAt } from "./shape";

/** One thing that is wrong with the settings: where, and the rest of the sentence. */
export interface Problem {
  path: readonly PropertyKey[];
  message: string;
}

/** The settings as they were written, and which of their top-level keys hold an encrypted value. */
export interface Source {
  raw: Readonly<Record<string, unknown>>;
  secretKeys: ReadonlySet<string>;
}

/** "machines.nodes[2].address: …" */
export function problemLine(problem: Problem): string {
  return `${pathText(problem.path)}: ${problem.message}`;
}

export function pathText(path: readonly PropertyKey[]): string {
  return path.map(segment).join("").replace(/^\./, "");
}

function segment(part: PropertyKey): string {
  if (typeof part === "number") return `[${part}]`;
  const name = String(part);
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) && name.length <= 60 ? `.${name}` : `[${quoted(name)}]`;
}

/** A text in double quotes, cut to fit a line, with nothing that a terminal would act on. */
export function quoted(value: string): string {
  const short = value.length > 80 ? `${value.slice(0, 60)}…` : value;
  const escaped = JSON.stringify(short).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return value.length > 80 ? `${escaped} (${value.length} characters)` : escaped;
}

/** The value at a path, as a message may show it: never a secret's, and never a URL's user and password. */
export function shownAt(source: Source, path: readonly PropertyKey[]): string {
  const value = valueAt(source.raw, path);
  const hidden = source.secretKeys.has(String(path[0])) || isSecretAt(path, source.raw) || looksSecret(value);
  if (hidden && value !== undefined) return "the value (not shown)";
  if (typeof value === "string") return quoted(value.replace(/:\/\/.*@/s, "://…@"));
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "a mapping";
  return value === null ? "an empty value" : String(value);
}

function looksSecret(value: unknown): boolean {
  return typeof value === "string" && /-----BEGIN|PRIVATE KEY|^tskey-|^ghp_|^glpat-/.test(value);
}

export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      value !== null && typeof value === "object" && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    root,
  );
}

/** zod's findings as sentences. */
export function problemsOf(error: z.ZodError, source: Source): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue as z.core.$ZodIssue, source));
}

const typeNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function problemsOfIssue(issue: z.core.$ZodIssue, source: Source): Problem[] {
  const path = issue.path;
  const shown = shownAt(source, path);
  const one = (message: string): Problem[] => [{ path, message }];
  switch (issue.code) {
    case "custom":
      return one(`${shown} ${issue.message}`);
    case "invalid_type":
      return one(wrongType(issue.expected, valueAt(source.raw, path), shown));
    case "invalid_value":
      return one(notAllowed(issue.values.map(String), valueAt(source.raw, path), shown));
    case "invalid_union":
      return one(notAllowed(unionOptions(issue), valueAt(source.raw, path), shown));
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownSetting([...path, key], source));
    case "invalid_key":
      return [{ path: path.slice(0, -1), message: wrongName(issue, source) }];
    case "too_small":
      return one(issue.origin === "number" ? `${shown} is less than ${issue.minimum}` : emptyValue(issue, shown));
    case "too_big":
      return one(`${shown} is ${issue.origin === "number" ? `more than ${issue.maximum}` : "too long"}`);
    default:
      return one(`${shown}: ${issue.message}`);
  }
}

function wrongType(expected: string, value: unknown, shown: string): string {
  const wanted = typeNames[expected] ?? expected;
  if (value === undefined) return `is required (${wanted})`;
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return `${shown} is not text; write it in quotes: "${String(value)}"`;
  }
  return `${shown} is not ${wanted}`;
}

function notAllowed(allowed: string[], value: unknown, shown: string): string {
  if (value === undefined) return `is required; allowed: ${allowed.join(", ")}`;
  const hint = didYouMean(String(value), allowed);
  return `${shown} is not allowed; ${hint ? `did you mean "${hint}"? ` : ""}allowed: ${allowed.join(", ")}`;
}

/** zod's type leaves out the options of a discriminated union, which stand in its issue. */
function unionOptions(issue: object): string[] {
  const options = (issue as { options?: unknown[] }).options ?? [];
  return options.map(String);
}

function wrongName(issue: z.core.$ZodIssueInvalidKey, source: Source): string {
  const name = String(issue.path.at(-1));
  const allowed = settingNamesAt(issue.path.slice(0, -1), source.raw);
  if (allowed.length > 0) return `the name ${quoted(name)} is not known; allowed: ${allowed.join(", ")}`;
  return `the name ${quoted(name)} ${issue.issues[0]?.message ?? "is not allowed"}`;
}

function emptyValue(issue: z.core.$ZodIssueTooSmall, shown: string): string {
  return issue.origin === "array" ? issue.message : `${shown} is empty`;
}

/** Settings that people look for under another name. */
const elsewhere: Record<string, string> = {
  "mirrors.registry": "registries are mirrored under containerd.mirrors",
  "machines.nodes.hostKey": "a host's key stands under ssh.hostKey",
  "cluster.containerd": "containerd is a setting of its own: homelab:containerd",
  "cluster.version": 'did you mean "kubernetesVersion"?',
};

function unknownSetting(path: PropertyKey[], source: Source): Problem {
  const name = String(path.at(-1));
  const hint = elsewhere[path.filter((part) => typeof part !== "number").join(".")];
  const allowed = settingNamesAt(path.slice(0, -1), source.raw);
  const similar = didYouMean(name, allowed);
  const advice = hint ?? (similar ? `did you mean "${similar}"?` : `allowed: ${allowed.join(", ")}`);
  return { path, message: `is not a known setting; ${advice}` };
}

/** The known name that is nearest to a mistyped one, if it is near. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const scored = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best && best.distance <= Math.max(1, Math.floor(Math.min(name.length, 20) / 3)) ? best.candidate : undefined;
}

/** Levenshtein distance. Names longer than 64 characters are no typing errors. */
function editDistance(a: string, b: string): number {
  if (a.length > 64) return Number.POSITIVE_INFINITY;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
