import * as fs from "node:fs";
import { load } from "js-yaml";

/** The project's name, as Pulumi.yaml has it: the prefix of each key in a stack's file. */
export const PROJECT = "homelab";

/** What Pulumi.<stack>.yaml holds. */
interface StackFile {
  /** The project's settings by key, without its name. An encrypted value is `{ secure: … }`, as it is in the file. */
  settings: Record<string, unknown>;
  /** Of the passphrase that encrypts secrets; none where there is no secret yet, or something else encrypts them. */
  salt?: string;
  /** What else than a passphrase encrypts secrets, such as a key service's address. */
  secretsProvider?: string;
}

/** @throws Error where there is no such file, or it isn't YAML */
export function readStackFile(file: string, project?: string): StackFile {
  return parseStackFile(fs.readFileSync(file, "utf8"), project);
}

/** Reads the text of a stack's file. What is wrong with the settings in it, `parseSettings` says. */
export function parseStackFile(text: string, project = PROJECT): StackFile {
  const { config, encryptionsalt, secretsprovider } = mappingOf(load(text));
  return {
    settings: settingsOf(mappingOf(config), project),
    ...(typeof encryptionsalt === "string" ? { salt: encryptionsalt } : {}),
    ...(typeof secretsprovider === "string" ? { secretsProvider: secretsprovider } : {}),
  };
}

/** The project's settings by key, without its name; what other projects and providers have is left out. */
export function settingsOf(config: Readonly<Record<string, unknown>>, project = PROJECT): Record<string, unknown> {
  const prefix = `${project}:`;
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The value if it is a mapping, else an empty one: what is wrong with it, `parseSettings` says. */
export function mappingOf(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}
