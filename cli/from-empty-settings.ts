import { createHash } from "node:crypto";
import { dump, load } from "js-yaml";
import { formatHostKey, HOST_KEY_TYPE, parseHostKey } from "../providers/host/ssh/host-key";
import { pathText } from "../settings/messages/problems";

/** Settings that can be previewed without anything that only their owner has. */
export interface FromEmpty {
  text: string;
  /** The keys whose encrypted values were taken out, as `pulumi config set --path` wants them. */
  secrets: string[];
  /** The host keys and fingerprints that were made up, because a placeholder stood in their place, or the name of a file. */
  madeUp: string[];
}

/** How secrets are encrypted: a new stack encrypts in its own way. */
const ENCRYPTION = ["encryptionsalt", "encryptedkey", "secretsprovider"];

/** The settings in a stack's file, without its secrets and with a host key for each host. Pure. */
export function fromEmpty(text: string): FromEmpty {
  const file = load(text) as Record<string, unknown>;
  const found: FromEmpty = { text: "", secrets: [], madeUp: [] };
  for (const name of ENCRYPTION) delete file[name];
  file.config = replaced(file.config, [], found) ?? {};
  return { ...found, text: dump(file, { lineWidth: -1 }) };
}

function replaced(value: unknown, path: PropertyKey[], found: FromEmpty): unknown {
  if (Array.isArray(value)) return value.map((item, index) => replaced(item, [...path, index], found));
  if (value === null || typeof value !== "object") return madeUpAt(value, path, found);
  if ("secure" in value) {
    found.secrets.push(configPath(path));
    return undefined;
  }
  const entries = Object.entries(value).map(
    ([name, inner]) => [name, replaced(inner, [...path, name], found)] as const,
  );
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

function madeUpAt(value: unknown, path: PropertyKey[], found: FromEmpty): unknown {
  const [name, text] = [path.at(-1), typeof value === "string" ? value : ""];
  const at = configPath(path);
  if (name === "hostKey" && !isHostKey(text)) {
    found.madeUp.push(at);
    return madeUpHostKey(at);
  }
  // `make` writes the file, on the workstation that has the mirror.
  if (name === "fingerprint" && text.startsWith("./")) {
    found.madeUp.push(at);
    return createHash("sha1").update(at).digest("hex").toUpperCase();
  }
  return value;
}

/** "homelab:machines.nodes[0].ssh.hostKey" */
function configPath([key = "", ...inside]: PropertyKey[]): string {
  const rest = pathText(inside);
  return rest ? `${String(key)}.${rest}` : String(key);
}

function isHostKey(text: string): boolean {
  try {
    parseHostKey(text);
    return true;
  } catch {
    return false;
  }
}

/** The same one each time, so that two previews can be compared. There is no private key for it. */
export function madeUpHostKey(path: string): string {
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const key = createHash("sha256").update(path).digest();
  return formatHostKey(Buffer.concat([field(Buffer.from(HOST_KEY_TYPE)), field(key)]));
}
