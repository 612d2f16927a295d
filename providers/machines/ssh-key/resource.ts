import { type Args, driverResource } from "../../driver-resource";
import type { SshKeyInputs, SshKeyOutputs } from "./driver";
import type { SshKeyFileInputs, SshKeyFileOutputs } from "./file-driver";

/** An ed25519 key pair that the program makes, for machines that it makes. */
export class SshKey extends driverResource<Args<SshKeyInputs>, SshKeyOutputs>("ssh-key", "ssh:Key", {
  outputs: ["publicKey", "privateKey"],
  secrets: ["privateKey"],
}) {}

/**
 * A private key that the user has in a file. It is read when the path is new, and in a refresh; after that it is kept in the
 * state as a secret, so that a preview on a workstation without the file shows no change.
 */
export class SshKeyFile extends driverResource<Args<SshKeyFileInputs>, SshKeyFileOutputs>(
  "ssh-key-file",
  "ssh:KeyFile",
  { outputs: ["privateKey"], secrets: ["privateKey"] },
) {}
