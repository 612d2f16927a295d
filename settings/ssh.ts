import { z } from "zod";
import * as format from "./formats";
import { described } from "./node";
import { secretLine, secretText } from "./secret";

const port = described("TCP port", z.number().int().min(1).max(65535));

const hostKey = format.text(
  format.hostKey,
  "The host's ed25519 public key; a host with another key is refused. `make host-keys STACK=metal` prints the keys of all hosts",
);

/** The ways to log in, of which each host needs exactly one; see rules/ssh.ts. */
const login = {
  agent: described("Log in with a key of the SSH agent", z.boolean()).optional(),
  publicKey: format
    .text(format.publicKey, "Which key of the agent, as `ssh-add -L` prints it; needed where the agent has several")
    .optional(),
  privateKeyPath: format
    .text(format.filePath, "File with the private key, OpenSSH format without a passphrase")
    .optional(),
  privateKey: secretText(
    "The private key itself, OpenSSH format without a passphrase (`pulumi config set --secret --path ssh.privateKey < FILE`)",
  ).optional(),
};

const bastion = described(
  "Host to connect through; its login is the host's own where it names none",
  z.strictObject({
    host: format.text(format.hostOrAddress, "IPv4 address or DNS name"),
    port: port.default(22),
    user: format.text(format.userName, "User on the bastion"),
    hostKey,
    ...login,
  }),
);

const shared = {
  user: format.text(format.userName, "User on the host; needs sudo").optional(),
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
  // Without any of it, what is missing is the host key.
  z.preprocess((ssh) => ssh ?? {}, z.strictObject({ hostKey, ...shared })),
);
