import type { EncryptedValues } from "../encrypted";
import { isSecret } from "../fields";
import { allSettings, isInside, metaAt, pathOf, type Setting, settingAt, valueIn, writtenAt } from "../places";

/** One thing that is wrong with the settings: where, and the rest of the sentence. */
export interface Problem {
  path: readonly PropertyKey[];
  message: string;
}

/** The settings as they were written, which of their top-level keys hold an encrypted value, and where that is, as far as it is known. */
export interface Source {
  settings: Setting;
  secretKeys: ReadonlySet<string>;
  encrypted: EncryptedValues;
}

/** The value at a place, as it was written. */
export function writtenIn({ settings }: Source, path: readonly PropertyKey[]): unknown {
  return valueIn(writtenAt(settings), path);
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

/** Longer texts are cut. */
const SHOWN_LENGTH = 80;

/** A text in double quotes, cut to fit a line, with nothing that a terminal would act on. */
export function quoted(value: string): string {
  const short = value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH - 20)}…` : value;
  const escaped = JSON.stringify(short).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return value.length > SHOWN_LENGTH ? `${escaped} (${value.length} characters)` : escaped;
}

/** The value at a path, as a message may show it: never a secret's, and never a URL's user and password. */
export function shownAt(source: Source, path: readonly PropertyKey[]): string {
  const value = writtenIn(source, path);
  if (value !== undefined && isHidden(source, path, value)) return "the value (not shown)";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return quoted(value.replace(/:\/\/.*@/s, "://…@").replace(/^[^/@]*:[^/@]*@/, "…@"));
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "a mapping";
  return value === null ? "an empty value" : JSON.stringify(value);
}

/**
 * Pulumi tells which keys have an encrypted value inside, but not which value it is; the stack's file does, where there is one. Else,
 * where a known secret explains it, the rest of the key is shown: should another value in it be encrypted too, Pulumi masks that in
 * its output, if it is printed whole.
 */
function isHidden({ settings, secretKeys, encrypted }: Source, path: readonly PropertyKey[], value: unknown): boolean {
  const setting = settingAt(settings, path);
  if (/password|secret|token|privateKey$/i.test(String(path.at(-1))) || (setting && isSecretSetting(setting)))
    return true;
  if (isSecret(value) || looksSecret(value)) return true;
  if (!secretKeys.has(String(path[0]))) return false;
  if (!encrypted.unseen.includes(String(path[0]))) return encrypted.paths.some((secret) => isInside(path, secret));
  const explained = secretsIn(settings).some((secret) => pathOf(secret)[0] === path[0]);
  return !explained || (typeof value === "string" && value.length > SHOWN_LENGTH);
}

function looksSecret(value: unknown): boolean {
  return typeof value === "string" && /-----BEGIN|PRIVATE KEY|^tskey-|^ghp_|^glpat-/.test(value);
}

function isSecretSetting(setting: Setting): boolean {
  return metaAt(setting).secret === true;
}

/** The secrets that are written in the settings. */
function secretsIn(settings: Setting): Setting[] {
  return allSettings(settings).filter((setting) => {
    const value = writtenAt(setting);
    return isSecretSetting(setting) && typeof value === "string" && value !== "";
  });
}

/**
 * Secrets are encrypted in the stack's file, because the file is committed.
 *
 * @param file the file's own values, where it is known: Pulumi says of a whole key alone whether something in it is encrypted
 */
export function plainSecretProblems({ settings, secretKeys }: Source, file?: Setting): Problem[] {
  const isPlain = (path: readonly PropertyKey[]) => {
    const inFile = file && settingAt(file, path);
    return !secretKeys.has(String(path[0])) || (inFile !== undefined && typeof writtenAt(inFile) === "string");
  };
  return secretsIn(settings)
    .map(pathOf)
    .filter(isPlain)
    .map((path) => ({
      path,
      message: `is not encrypted in the stack's file. Run pulumi config set --secret --path '${pathText(path)}'`,
    }));
}
