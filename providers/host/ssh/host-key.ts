import { createHash, timingSafeEqual } from "node:crypto";

/** The only type of host key that is pinned: every OpenSSH since 6.5 has one, and one type leaves nothing to negotiate. */
export const HOST_KEY_TYPE = "ssh-ed25519";

/** Bytes of an ed25519 key on the wire: two length fields, the name of the type, the key. */
const ED25519_BLOB_LENGTH = 4 + HOST_KEY_TYPE.length + 4 + 32;

/**
 * Reads a public host key in OpenSSH's format, `ssh-ed25519 AAAA… [comment]`, as in /etc/ssh/ssh_host_ed25519_key.pub or
 * (without its first column) a line of `ssh-keyscan`. Answers the key as it is on the wire.
 *
 * @throws Error that says what is wrong with the text.
 */
export function parseHostKey(text: string): Buffer {
  const [type, encoded] = text.trim().split(/\s+/);
  if (type !== HOST_KEY_TYPE) {
    throw new Error(`a host key has the form '${HOST_KEY_TYPE} AAAA…', and this one begins with '${type ?? ""}'`);
  }
  const blob = Buffer.from(encoded ?? "", "base64");
  const named = blob.subarray(4, 4 + HOST_KEY_TYPE.length).toString("latin1");
  const canonical = blob.toString("base64").replace(/=+$/, "") === (encoded ?? "").replace(/=+$/, "");
  if (!canonical || blob.length !== ED25519_BLOB_LENGTH || named !== HOST_KEY_TYPE) {
    throw new Error(`this is not a whole ${HOST_KEY_TYPE} key; was a part lost when it was copied?`);
  }
  return blob;
}

/** A key on the wire in OpenSSH's format, without a comment. */
export function formatHostKey(blob: Buffer): string {
  return `${HOST_KEY_TYPE} ${blob.toString("base64")}`;
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * What an existing host is known by: the fingerprint of its pinned host key, `SHA256:…`. It changes exactly when the
 * inventory says that another machine is there. Pure: the program needs it before anything is connected to.
 *
 * @param hostKey `ssh-ed25519 AAAA…`; one that can't be read is its own incarnation, so that the settings can refuse it.
 */
export function incarnationOf(hostKey: string): string {
  try {
    return fingerprint(parseHostKey(hostKey));
  } catch {
    return hostKey;
  }
}

export function sameHostKey(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
