import { hostOrAddress } from "./network";
import { pattern, type Rule } from "./rule";

export const sysctlName: Rule = pattern(
  /^[a-z][a-z0-9_-]*(\.[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*)+$/,
  128,
  "is not the name of a sysctl, such as net.core.somaxconn",
);

export const sysctlValue: Rule = pattern(
  /^[A-Za-z0-9._:/,|%@+-]+([ \t][A-Za-z0-9._:/,|%@+-]+)*$/,
  256,
  "is not the value of a sysctl: words of letters, digits and . _ : / , | % @ + -, separated by one blank",
);

export const absolutePath: Rule = (value) => {
  const complaint = pattern(/^(\/[A-Za-z0-9_.@-]+)+$/, 200, "")(value);
  if (complaint) return complaint;
  const odd = complaint !== undefined || value.split("/").some((part) => part === "." || part === "..");
  return odd
    ? "is not an absolute path of letters, digits and _ . @ -, without '..' and without a slash at the end"
    : undefined;
};

/** A key file's path: absolute, or in the home folder. */
export const filePath: Rule = (value) =>
  absolutePath(value.replace(/^~\//, "/")) &&
  "is not the path of a file: absolute or starting with ~/, letters, digits and _ . @ -";

export const fingerprint: Rule = (value) =>
  /^[0-9A-F]{40}$/i.test(value.replaceAll(" ", ""))
    ? undefined
    : "is not the fingerprint of an OpenPGP key: 40 hexadecimal digits, as `gpg --show-keys --fingerprint` prints them";

/** `ssh-ed25519 AAAA…`, complete: the one type of host key that is pinned. */
export const hostKey: Rule = (value) => {
  const [type, key = "", ...rest] = value.split(" ");
  if (type === "ssh-rsa" || type?.startsWith("ecdsa-")) return "is a key of another type; pin the host's ed25519 key";
  const blob = Buffer.from(key, "base64");
  const complete =
    rest.length === 0 &&
    blob.length === 51 &&
    blob.toString("base64") === key &&
    blob.subarray(0, 19).equals(Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20"));
  return type === "ssh-ed25519" && complete
    ? undefined
    : "is not an ed25519 host key, ssh-ed25519 AAAA…: `make host-keys STACK=metal` prints the keys of all hosts; compare each on its host's console";
};

const KEY_TYPES = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

/** A line of `ssh-add -L`: type, key and an optional comment. */
export const publicKey: Rule = (value) => {
  const [type = "", key = "", ...comment] = value.split(" ");
  if (type.startsWith("sk-")) return "is a key on a security key, which must be touched for each login; use another";
  const blob = Buffer.from(key, "base64");
  const named = blob.subarray(4, 4 + type.length).toString("latin1");
  const complete = blob.length > 50 && blob.toString("base64") === key && named === type;
  return KEY_TYPES.includes(type) && complete && /^[^\p{Cc}]{0,256}$/u.test(comment.join(" "))
    ? undefined
    : "is not a public key as `ssh-add -L` prints it: ssh-ed25519 AAAA… and a comment";
};

/** Login names as useradd accepts them. */
export const userName: Rule = pattern(/^[a-z_][a-z0-9_-]{0,31}$/, 32, "is not a user name of a Linux host");

/** A registry's host as image names begin with it: a host and an optional port. */
export const registryHost: Rule = (value) => {
  const [host = "", port, ...rest] = value.split(":");
  const ok = !hostOrAddress(host) && rest.length === 0 && (port === undefined || /^\d{1,5}$/.test(port));
  return ok ? undefined : "is not the host of a registry, such as registry.k8s.io or registry.example:5000";
};

export const imageReference: Rule = pattern(
  /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
  512,
  "is not the full name of an image, such as registry.k8s.io/pause:3.10.2",
);

/** Multipass' sizes: bytes, or decimals with K, M or G. */
export const vmSize: Rule = pattern(
  /^\d+(\.\d+)?[KMG]?$/,
  16,
  'is not a size as Multipass takes it, such as "4G" or "512M"',
);
