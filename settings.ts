import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { problemsOf } from "./settings/messages/explain";
import { plainSecretProblems, type Problem, problemLine, type Source } from "./settings/messages/problems";
import { withFingerprints } from "./settings/mirrors";
import {
  encryptedValues,
  misplacedProblem,
  misplacedSecrets,
  publishedSecrets,
  unexplainedSecrets,
  withSecrets,
} from "./settings/encrypted";
import { misreadNumbers, parseJson } from "./settings/numbers";
import { isInside, pathOf, placesOf } from "./settings/places";
import { resolve, type Settings } from "./settings/resolve";
import type { WrittenSettings } from "./settings/rule";
import { rules, settingsSchema } from "./settings/schema";
import { PUBLISHED_PASSPHRASES, readStackFile, type StackFile } from "./settings/stack-file";
import { unsupportedWorkstation } from "./settings/workstation";

export type * from "./settings/resolve";
export type { BastionSettings, HostSshSettings, LoginSettings } from "./settings/login";
export type { Secret } from "./settings/fields";
export { controlPlaneEndpoint, nodeAddress } from "./settings/resolve";
export { gatewayAddress, prefixLength } from "./settings/subnets";

/** Either the settings, complete and unchangeable, or all that is wrong with them, one line each. */
type Parsing = { settings: Settings; problems?: undefined } | { settings?: undefined; problems: string[] };

/** What is read of the stack's file besides the settings that Pulumi hands on. An encrypted value is `{secure: …}` there. */
interface WrittenFile extends Pick<StackFile, "written" | "salt"> {
  stack: string;
}

/**
 * Checks the settings and fills in the defaults. Pure.
 *
 * @param raw the values of the stack's keys, without the project's name
 * @param secretKeys the keys that hold an encrypted value: nothing of them is shown in a message
 * @param file what the stack's file has, where there is one
 */
export function parseSettings(
  raw: Readonly<Record<string, unknown>>,
  secretKeys: Iterable<string> = [],
  file?: WrittenFile,
): Parsing {
  const keys = new Set(secretKeys);
  const encrypted = encryptedValues(raw, keys, file?.written);
  const root = placesOf(settingsSchema, raw);
  const misplaced = misplacedSecrets(root, encrypted);
  const withoutPlain = withSecrets(raw, root, misplaced, keys, file?.written);
  const settings = placesOf(settingsSchema, withoutPlain);
  const source: Source = { settings, secretKeys: keys, encrypted };
  const inFile = file && placesOf(settingsSchema, file.written);
  const parsed = settingsSchema.safeParse(withoutPlain);
  const found: Problem[] = parsed.error ? problemsOf(parsed.error, source) : [];
  const unexplained = unexplainedSecrets(settings, encrypted);
  const problems: Problem[] = [
    // What is refused already needs no second sentence.
    ...found.filter(({ path }) => !misplaced.some((other) => isInside(path, other))),
    ...misplaced.map(misplacedProblem),
    ...unexplained,
    ...misreadNumbers(settings, inFile).filter(({ path }) => !found.some((other) => isInside(path, other.path))),
    // What they say may have any value in it, also the one that is a secret.
    ...(unexplained.length > 0 ? [] : ruleProblems(settings)),
    ...plainSecretProblems(source, inFile),
    ...(file?.salt !== undefined && file.salt in PUBLISHED_PASSPHRASES ? publishedSecrets(encrypted, file.stack) : []),
  ];
  if (parsed.success && problems.length === 0) return { settings: resolve(parsed.data) };
  return { problems: [...new Set(problems.map(problemLine))] };
}

function ruleProblems(settings: WrittenSettings): Problem[] {
  const problems: Problem[] = [];
  for (const rule of rules) rule(settings, (setting, message) => problems.push({ path: pathOf(setting), message }));
  return problems;
}

/** The settings of the selected stack, or all that is wrong with them. The only place that reads Pulumi's configuration. */
export function parseConfiguration(): Parsing {
  const prefix = `${pulumi.getProject()}:`;
  const raw: Record<string, unknown> = {};
  const secretKeys: string[] = [];
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    raw[name] = structured(value);
    if (isConfigSecret(key)) secretKeys.push(name);
  }
  const { settings, problems } = parseSettings(raw, secretKeys, writtenFile());
  return problems ? { problems } : readFingerprints(settings);
}

/** The settings with the fingerprints that are in files of the project's folder. */
function readFingerprints(settings: Settings): Parsing {
  const { mirrors } = settings;
  const { apt, problems } = withFingerprints(mirrors.apt, (file) => {
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  });
  if (problems.length > 0) return { problems: problems.map(problemLine) };
  return { settings: { ...settings, mirrors: { ...mirrors, apt } } };
}

/**
 * The settings of the selected stack.
 *
 * @param platform as Node names it; by default this workstation's
 * @throws pulumi.RunError that lists every problem, before any resource is made
 */
export function loadSettings(platform?: string): Settings {
  const unsupported = unsupportedWorkstation(platform);
  if (unsupported) throw new pulumi.RunError(`${unsupported.problem}; nothing was changed. ${unsupported.action}`);
  const { settings, problems } = parseConfiguration();
  if (!problems) return settings;
  throw new pulumi.RunError(report(pulumi.getStack(), problems));
}

/**
 * What Pulumi.<stack>.yaml holds of this project; nothing where the stack has another file (`--config-file`). What is wrong with the
 * file, Pulumi itself has said.
 */
function writtenFile(): WrittenFile | undefined {
  const stack = pulumi.getStack();
  const file = path.join(process.cwd(), `Pulumi.${stack}.yaml`);
  return fs.existsSync(file) ? { ...readStackFile(file, pulumi.getProject()), stack } : undefined;
}

/** In the SDK and left out of its types; `settings.test.ts` fails should it go. */
function isConfigSecret(key: string): boolean {
  return (pulumi.runtime as unknown as { isConfigSecret(key: string): boolean }).isConfigSecret(key);
}

/** Pulumi hands mappings and lists on as JSON, everything else as plain text. */
function structured(value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

function report(stack: string, problems: string[]): string {
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return [
    `the settings of stack '${stack}' have ${count}; nothing was changed:`,
    ...problems.map((problem) => `  ${problem}`),
    `Correct Pulumi.${stack}.yaml. docs/settings.md describes every setting.`,
  ].join("\n");
}
