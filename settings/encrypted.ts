import { hasSecret, isPlainObject, secretOf } from "./fields";
import { type Problem, pathText } from "./messages/problems";
import { allSettings, isInside, metaAt, namesAt, pathOf, type Setting, settingAt, valueIn, writtenAt } from "./places";
import { isMapping } from "./stack-file";

/**
 * Which values are encrypted in the stack's file. Pulumi decrypts them, and says of whole keys alone that something in them was; so
 * the file is read again. A setting must say that it is a secret, or may have some in it: elsewhere an encrypted value is refused,
 * because it would be in clear in scripts, previews and the state.
 */
export interface EncryptedValues {
  /** Places of encrypted values, as the file has them. */
  paths: (readonly PropertyKey[])[];
  /** Keys that have an encrypted value, and the file, where there is one, doesn't say which: it comes from an environment of Pulumi's. */
  unseen: string[];
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * @param raw decrypted settings
 * @param secretKeys their keys that hold an encrypted value
 * @param written the settings as the file has them; nothing where there is no file
 */
export function encryptedValues(raw: Mapping, secretKeys: Iterable<string>, written?: Mapping): EncryptedValues {
  const found: EncryptedValues = { paths: [], unseen: [] };
  for (const key of secretKeys) {
    const paths = encryptedIn(written?.[key], [key]);
    // Where there is no such text, the settings are not those of this file.
    const isOfFile = paths.every((path) => path.length === 1 || typeof valueIn(raw, path) === "string");
    if (paths.length > 0 && isOfFile) found.paths.push(...paths);
    else found.unseen.push(key);
  }
  return found;
}

/** In the file an encrypted value is `{ secure: … }`. */
export function encryptedIn(written: unknown, path: readonly PropertyKey[]): (readonly PropertyKey[])[] {
  if (Array.isArray(written)) return written.flatMap((item, index) => encryptedIn(item, [...path, index]));
  if (!isMapping(written)) return [];
  const names = Object.keys(written);
  if (names.length === 1 && typeof written.secure === "string") return [path];
  return names.flatMap((name) => encryptedIn(written[name], [...path, name]));
}

/** The places of encrypted values that no secret can have. One under an unknown name is left to whoever finds that. */
export function misplacedSecrets(root: Setting, { paths }: EncryptedValues): (readonly PropertyKey[])[] {
  return paths.filter((path) => !takesSecret(root, path) && !isUnknown(root, path));
}

/**
 * The settings with a secret in the place of each misplaced one, so that no rule reads it, and of each encrypted text inside a mapping
 * of the user's own. There the program can't know which values are secrets: what a secret key has and the file doesn't show in clear
 * is taken for one.
 */
export function withSecrets(
  raw: Mapping,
  root: Setting,
  misplaced: readonly (readonly PropertyKey[])[],
  secretKeys: ReadonlySet<string>,
  written?: Mapping,
): Mapping {
  const free = allSettings(root)
    .filter((setting) => metaAt(setting).mayBeEncrypted === true && isPlainObject(writtenAt(setting)))
    .map(pathOf)
    .filter(([key]) => secretKeys.has(String(key)));
  if (free.length === 0 && misplaced.length === 0) return raw;
  const convert = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (misplaced.some((one) => one.length === path.length && isInside(path, one)))
      return secretOf(JSON.stringify(value));
    const isFree = free.some((outer) => isInside(path, outer));
    if (isFree && typeof value === "string") {
      return typeof valueIn(written, path) === "string" ? value : secretOf(value);
    }
    if (Array.isArray(value)) return value.map((item, index) => convert(item, [...path, index]));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, convert(inner, [...path, name])]));
  };
  return convert(raw, []) as Mapping;
}

/** Secrets whose passphrase everyone can read. */
export function publishedSecrets({ paths }: EncryptedValues, stack: string): Problem[] {
  return paths.map((path) => ({
    path,
    message:
      "is encrypted with this stack's passphrase, which is published: anyone can read it in the file. Choose another passphrase, " +
      `pulumi stack change-secrets-provider passphrase -s ${stack}, and put it into .homelab/passphrase-${stack}; where the file was ` +
      "pushed, change the secret too",
  }));
}

/** Keys that have an encrypted value, and nothing in them may be one. */
export function unexplainedSecrets(root: Setting, { unseen }: EncryptedValues): Problem[] {
  return unseen
    .filter((key) => !allSettings(root).some((setting) => pathOf(setting)[0] === key && hasOwnSecret(setting)))
    .map((key) => ({
      path: [key],
      message:
        "has an encrypted value, and the stack's file doesn't show which: it would be in clear in scripts, previews and the state. " +
        "Encrypt only what docs/settings.md calls a secret, and values in mappings of your own such as those of charts",
    }));
}

export function misplacedProblem(path: readonly PropertyKey[]): Problem {
  return { path, message: whyMisplaced(path) };
}

function whyMisplaced(path: readonly PropertyKey[]): string {
  if (path.length === 1) {
    return "is encrypted as a whole, and most of it would be in clear in scripts, previews and the state. Write it in clear, and encrypt single values: pulumi config set --secret --path";
  }
  return `is encrypted, and would be in clear in scripts, previews and the state: no secret can be here. What is no secret is written with pulumi config set --plaintext --path '${pathText(path)}'`;
}

function takesSecret(root: Setting, path: readonly PropertyKey[]): boolean {
  return path.some((_name, index) => {
    const setting = settingAt(root, path.slice(0, index + 1));
    if (!setting) return false;
    const { secret, mayBeEncrypted } = metaAt(setting);
    return secret === true || mayBeEncrypted === true;
  });
}

/** A name that the mapping around it doesn't have. */
function isUnknown(root: Setting, path: readonly PropertyKey[]): boolean {
  const depth = path.findIndex((_name, index) => !settingAt(root, path.slice(0, index + 1)));
  const around = depth < 0 ? undefined : settingAt(root, path.slice(0, depth));
  return around !== undefined && namesAt(around).length > 0;
}

/** Where a key has a secret of its own, that explains why Pulumi calls the key one. */
function hasOwnSecret(setting: Setting): boolean {
  const value = writtenAt(setting);
  const { secret, mayBeEncrypted } = metaAt(setting);
  if (secret === true) return value !== undefined;
  return mayBeEncrypted === true && (typeof value === "string" || hasSecret(value));
}
