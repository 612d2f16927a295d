import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "../../driver-provider";

export interface SshKeyArgs {
  /** What the key is for; its comment. A changed comment makes a new key. */
  comment: pulumi.Input<string>;
}

/** An ed25519 key pair that the program makes, for machines that it makes. */
export class SshKey extends pulumi.dynamic.Resource {
  /** `ssh-ed25519 AAAA… comment`. */
  declare readonly publicKey: pulumi.Output<string>;
  /** OpenSSH PEM; secret. */
  declare readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: SshKeyArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("ssh-key"),
      name,
      { ...args, publicKey: undefined, privateKey: undefined },
      { ...opts, additionalSecretOutputs: ["privateKey"] },
      "ssh",
      "Key",
    );
  }
}

export interface SshKeyFileArgs {
  /** Where the private key is on this computer; `~/` is the home folder. It stands in the state as it is written here. */
  path: string;
}

/**
 * A private key that the user has in a file. It is read when the path is new, and in a refresh; after that it stands in the
 * state as a secret, so that a preview on a computer without the file shows no change.
 */
export class SshKeyFile extends pulumi.dynamic.Resource {
  /** The key as it stands in the file; secret. */
  declare readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: SshKeyFileArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("ssh-key-file"),
      name,
      { ...args, privateKey: undefined },
      { ...opts, additionalSecretOutputs: ["privateKey"] },
      "ssh",
      "KeyFile",
    );
  }
}
