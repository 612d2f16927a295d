import type { z } from "zod";
import { didYouMean } from "./did-you-mean";
import { metaAt, namesAt, settingAt } from "../places";
import { type Problem, quoted, shownAt, type Source, writtenIn } from "./problems";

/** zod's findings as sentences. */
export function problemsOf(error: z.ZodError, source: Source): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, source));
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
      return one(wrongType(issue, source, shown));
    case "invalid_value":
      return one(notAllowed(issue.values.map(String), writtenIn(source, path), shown));
    case "invalid_union":
      return one(notAllowed(unionOptions(issue), writtenIn(source, path), shown));
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownSetting([...path, key], source));
    case "invalid_key":
      return [{ path: path.slice(0, -1), message: wrongName(issue, source) }];
    case "too_small":
      return one(issue.origin === "number" ? `${shown} is less than ${issue.minimum}` : emptyValue(issue, shown));
    case "too_big":
      return one(`${shown} is ${issue.origin === "number" ? `more than ${issue.maximum}` : "too long"}`);
    case "invalid_format":
    case "invalid_element":
    case "not_multiple_of":
      return one(`${shown} is not allowed: ${issue.message}`);
  }
}

function wrongType({ expected, path }: z.core.$ZodIssueInvalidType, source: Source, shown: string): string {
  const value = writtenIn(source, path);
  const wanted = typeNames[expected] ?? expected;
  if (value === undefined) return `is required: ${descriptionAt(source, path) ?? wanted}`;
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return `${shown} is not text; write it in quotes: "${String(value)}"`;
  }
  if (typeof value === "bigint") return `${shown} has more digits than a number can have here`;
  return `${shown} is not ${wanted}`;
}

function notAllowed(allowed: string[], value: unknown, shown: string): string {
  if (value === undefined) return `is required; allowed: ${allowed.join(", ")}`;
  if (typeof value === "number" && allowed.includes(String(value))) {
    return `${shown} is not text; write it in quotes: "${value}"`;
  }
  const hint = typeof value === "string" ? didYouMean(value, allowed) : undefined;
  return `${shown} is not allowed; ${hint ? `did you mean "${hint}"? ` : ""}allowed: ${allowed.join(", ")}`;
}

/** zod's type leaves out the options of a discriminated union, which are in its issue. */
function unionOptions(issue: object): string[] {
  const options = (issue as { options?: unknown[] }).options ?? [];
  return options.map(String);
}

function wrongName(issue: z.core.$ZodIssueInvalidKey, source: Source): string {
  const name = String(issue.path.at(-1));
  const allowed = namesInside(source, issue.path.slice(0, -1));
  if (allowed.length > 0) return `the name ${quoted(name)} is not known; allowed: ${allowed.join(", ")}`;
  return `the name ${quoted(name)} ${issue.issues[0]?.message ?? "is not allowed"}`;
}

function emptyValue(issue: z.core.$ZodIssueTooSmall, shown: string): string {
  return issue.origin === "array" ? issue.message : `${shown} is empty`;
}

function descriptionAt({ settings }: Source, path: readonly PropertyKey[]): string | undefined {
  const setting = settingAt(settings, path);
  return setting && metaAt(setting).description;
}

function namesInside({ settings }: Source, path: readonly PropertyKey[]): string[] {
  const setting = settingAt(settings, path);
  return setting ? namesAt(setting) : [];
}

/** Settings that people look for under another name, and those that are not built yet. */
const hints: Record<string, string> = {
  "containerd.auth": "logins at registries are not built yet",
  "machines.nodes.maintenance": "to take a node out of use, drain it with kubectl",
  "mirrors.registries":
    "several registries are mirrored under containerd.mirrors, one that has all under mirrors.registry",
  "machines.nodes.hostKey": "a host's key is set as ssh.hostKey",
  "cluster.containerd": "containerd is a setting of its own: homelab:containerd",
  "cluster.version": 'did you mean "kubernetesVersion"?',
};

function unknownSetting(path: PropertyKey[], source: Source): Problem {
  const name = String(path.at(-1));
  const hint = hints[path.filter((part) => typeof part !== "number").join(".")];
  const allowed = namesInside(source, path.slice(0, -1));
  const similar = didYouMean(name, allowed);
  const advice = hint ?? (similar ? `did you mean "${similar}"?` : `allowed: ${allowed.join(", ")}`);
  return { path, message: `is not a known setting; ${advice}` };
}
