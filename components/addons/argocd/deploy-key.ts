import { createPrivateKey } from "node:crypto";

const PASSPHRASE = "has a passphrase, which Argo CD can't type; make a deploy key without one (ssh-keygen -N '')";
const NO_KEY = "is not a private key of SSH: it is the whole file, from -----BEGIN to the end (ssh-keygen -t ed25519)";

/** What is wrong with a private key that Argo CD is to use: the rest of a sentence, with nothing of the key in it. */
export function deployKeyProblem(key: string): string | undefined {
  if (/^\s*(ssh-|ecdsa-|sk-)\S+ |PUBLIC KEY-----/.test(key)) {
    return "is a public key, which belongs in the repository's settings; give the private one (the file without .pub)";
  }
  if (/^PuTTY-/.test(key)) return "is in PuTTY's format, which Argo CD can't read; export it as an OpenSSH key";
  if (!/^-----BEGIN /.test(key)) return NO_KEY;
  if (key.includes("\r")) return "has line ends of Windows (CR LF), which Git's SSH can't read; convert it (dos2unix)";
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(key)) return PASSPHRASE;
  return /^-----BEGIN PRIVATE KEY-----/.test(key) ? pkcs8Problem(key) : sshProblem(key);
}

/** The format is OpenSSL's. OpenSSH reads it too, ssh2 doesn't. */
function pkcs8Problem(key: string): string | undefined {
  try {
    createPrivateKey(key);
    return undefined;
  } catch {
    return NO_KEY;
  }
}

function sshProblem(key: string): string | undefined {
  // It takes a while to load, and settings are read in every preview: most have no key.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { utils } = require("ssh2") as typeof import("ssh2");
  const parsed = utils.parseKey(key);
  if (!(parsed instanceof Error)) return undefined;
  return /passphrase/i.test(parsed.message) ? PASSPHRASE : NO_KEY;
}
