import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "../driver-provider";

export interface SshKeyArgs {
  /** What the key is for; its comment. A changed comment makes a new key. */
  comment: string;
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
