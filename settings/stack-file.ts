import * as fs from "node:fs";
import { FAILSAFE_SCHEMA, load, Type } from "js-yaml";

/** The project's name, as Pulumi.yaml has it: the prefix of each key in a stack's file. */
export const PROJECT = "homelab";

/** What Pulumi.<stack>.yaml holds. */
export interface StackFile {
  /** The project's settings by key, without its name. An encrypted value is `{ secure: … }`, as it is in the file. */
  settings: Record<string, unknown>;
  /** The same with each single value as the text that is written there. */
  written: Record<string, unknown>;
  /** Of the passphrase that encrypts secrets; none where there is no secret yet, or something else encrypts them. */
  salt?: string;
  /** What else than a passphrase encrypts secrets, such as a key service's address. */
  secretsProvider?: string;
}

/**
 * The salts that are committed, and the passphrases that they were made for. Both are in this repository, for everyone to read:
 * these stacks have nothing to protect until their user adds a secret.
 */
export const PUBLISHED_PASSPHRASES: Readonly<Record<string, string>> = {
  "v1:uKLSo92AAXA=:v1:Hr7zXA2QzVHkHDbe:4X3rL8zESBJKm0Nt9+lhQ/P9AxRv8Q==": "homelab-lab",
  "v1:EafJ0Z3hUKA=:v1:EB7OoBRP+aO1ZJwx:o7cjs/LtnR3Agstb4ZnGl/lxvnmi6A==": "homelab-local",
};

/** @throws Error where there is no such file, or it isn't YAML */
export function readStackFile(file: string, project?: string): StackFile {
  return parseStackFile(fs.readFileSync(file, "utf8"), project);
}

/** YAML in which every single value stays the text that it is in the file. */
const AS_WRITTEN = FAILSAFE_SCHEMA.extend({
  implicit: [new Type("tag:yaml.org,2002:merge", { kind: "scalar", resolve: (text: unknown) => text === "<<" })],
  explicit: (["scalar", "sequence", "mapping"] as const).map(
    (kind) => new Type("tag:yaml.org,2002:", { kind, multi: true }),
  ),
});

/** Reads the text of a stack's file. What is wrong with the settings in it, `parseSettings` says. */
export function parseStackFile(text: string, project = PROJECT): StackFile {
  const { config, encryptionsalt, secretsprovider } = mappingOf(load(text));
  return {
    settings: settingsOf(mappingOf(config), project),
    written: settingsOf(mappingOf(mappingOf(load(text, { schema: AS_WRITTEN })).config), project),
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
