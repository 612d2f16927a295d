import { z } from "zod";
import { formatHostKey, parseHostKey } from "../providers/host/ssh/host-key";
import { SSH_PORT } from "../providers/host/ssh/target";
import { described, type Format, normalText, pattern, secretLine, secretText, text } from "./fields";
import { absolutePath, hostOrAddress } from "./formats";
import { decidesLogin, loginMethods } from "./login";
import { isSet, type Place, type Setting, valueOf, writtenAt } from "./places";
import type { Report, Rule } from "./rule";
import { mappingOf } from "./stack-file";

/** A key file's path: absolute, or in the home folder. */
const filePath: Format = (value) =>
  absolutePath(value.replace(/^~\//, "/")) &&
  "is not the path of a file: absolute or starting with ~/, letters, digits and _ . @ -";

/** `ssh-ed25519 AAAA…`, with or without a comment: the one type of host key that is pinned. */
const hostKeyFormat: Format = (value) => {
  if (/^(ssh-rsa|ecdsa-\S*) /.test(value)) return "is a key of another type; pin the host's ed25519 key";
  return normalHostKey(value)
    ? undefined
    : "is not an ed25519 host key, ssh-ed25519 AAAA…: `make host-keys STACK=metal` prints the keys of all hosts; compare each on its host's console";
};

/** Without the comment, and without the line end that a file has. One key: what follows on a second line would be passed over. */
function normalHostKey(value: string): string | undefined {
  if (/[\n\r\0]/.test(value.trim())) return undefined;
  try {
    return formatHostKey(parseHostKey(value));
  } catch {
    return undefined;
  }
}

const KEY_TYPES = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

/** A line of `ssh-add -L`: type, key and an optional comment. */
const publicKey: Format = (value) => {
  const [type = "", key = "", ...comment] = value.trim().split(/ +/);
  if (type.startsWith("sk-")) return "is a key on a security key, which must be touched for each login; use another";
  const blob = Buffer.from(key, "base64");
  const named = blob.subarray(4, 4 + type.length).toString("latin1");
  const complete = blob.length > 50 && blob.toString("base64") === key && named === type;
  return KEY_TYPES.includes(type) && complete && /^[^\p{Cc}]{0,256}$/u.test(comment.join(" "))
    ? undefined
    : "is not a public key as `ssh-add -L` prints it: ssh-ed25519 AAAA… and a comment";
};

/**
 * Login names as useradd accepts them (shadow's is_valid_user_name), and as SSSD and winbind name the users of a domain:
 * DOMAIN\user, user@domain. The longest is Linux' LOGIN_NAME_MAX.
 */
const userName: Format = pattern(
  /^(?!\d+$|\.{1,2}$)[\p{L}\p{N}_.][\p{L}\p{N}_.@\\+-]*\$?$/u,
  255,
  "is not a user name of a Linux host",
);

const port = described("TCP port", z.number().int().min(1).max(65535));

const hostKey = normalText(
  hostKeyFormat,
  (value) => normalHostKey(value) ?? value,
  "The host's ed25519 public key; a host with another key is refused. `make host-keys STACK=metal` prints the keys of all hosts",
);

/** The login methods, of which each host needs exactly one; see `sshRule`. */
const login = {
  agent: described("Log in with a key of the SSH agent", z.boolean()).optional(),
  publicKey: normalText(
    publicKey,
    (value) => value.trim().split(/ +/).join(" "),
    "Which key of the agent, as `ssh-add -L` prints it; needed where the agent has several",
  ).optional(),
  privateKeyPath: text(filePath, "File with the private key, OpenSSH format without a passphrase").optional(),
  privateKey: secretText(
    "The private key itself, OpenSSH format without a passphrase (`pulumi config set --secret --path ssh.privateKey < FILE`)",
  ).optional(),
};

const bastion = described(
  "Host to connect through; its login is the host's own where it names none",
  z.strictObject({
    host: text(hostOrAddress, "IPv4 address or DNS name"),
    port: port.default(SSH_PORT),
    user: text(userName, "User on the bastion"),
    hostKey,
    ...login,
  }),
);

const shared = {
  user: text(userName, "User on the host; needs sudo").optional(),
  port: port.optional(),
  ...login,
  sudoPassword: secretLine("Password for sudo, where it needs one").optional(),
  bastion: bastion.optional(),
};

/** How hosts are reached that the program did not make itself. */
export const sshSchema = z.strictObject({
  connectTimeoutSeconds: described(
    "How long to wait for a host that doesn't answer, in all",
    z.number().int().min(5).max(3600),
  ).default(180),
  ...shared,
});

/** How one host is reached, over what all have. */
export const hostSshSchema = described(
  "How this host is reached, over the settings under `ssh`",
  z.strictObject({ hostKey, ...shared }),
  // Where all of it is left out, what is missing is the host key.
).prefault({} as { hostKey: string });

type SshPlace = Place<z.output<typeof sshSchema>>;
type HostSshPlace = Place<z.output<typeof hostSshSchema>>;

/** How hosts are reached is a matter of metal; the machines that the program makes get a user and keys from it. */
export const sshRule: Rule = ({ machines, ssh }, report) => {
  const kind = valueOf<string>(machines.kind);
  if (kind === "metal") return checkLevel(ssh, report);
  if (kind === undefined) return;
  for (const setting of Object.values(ssh) as Setting[]) {
    if (!isSet(setting)) continue;
    report(
      setting,
      `is for existing hosts (kind metal); machines of kind ${kind} get a user and keys from the program`,
    );
  }
};

/** What one host needs that neither its own settings nor those of all hosts give, and its own login. */
export function checkHostSsh(host: HostSshPlace, shared: SshPlace, report: Report): void {
  checkLevel(host, report);
  if (!isSet(host.user) && !isSet(shared.user)) report(host.user, "is required, here or under ssh.user");
  const [own, all] = [mappingOf(writtenAt(host)), mappingOf(writtenAt(shared))];
  // A bastion's own login doesn't open the host behind it.
  if (loginMethods(decidesLogin(own) ? own : all).length > 0) return;
  report(host, "has no key to log in with: set ssh.agent, ssh.privateKey or ssh.privateKeyPath, here or for all hosts");
}

/** One mapping's login, and its bastion's. */
function checkLevel(ssh: SshPlace | HostSshPlace, report: Report): void {
  checkLogin(ssh, report);
  if (isSet(ssh.bastion)) checkLogin(ssh.bastion, report);
}

function checkLogin(ssh: Pick<SshPlace, keyof typeof login> & Place<unknown>, report: Report): void {
  const [first, ...others] = loginMethods(mappingOf(writtenAt(ssh)));
  for (const method of others) {
    report(ssh[method], `is set beside ${String(first)}; choose one of the two login methods`);
  }
  if (isSet(ssh.publicKey) && valueOf(ssh.agent) === false) {
    report(ssh.publicKey, "is a key of the agent, and agent is false");
  }
}
