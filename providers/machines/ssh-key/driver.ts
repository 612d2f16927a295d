import { difference, type Driver } from "../../driver";
import { generateKeyPair } from "./key-pair";

export interface SshKeyInputs {
  /** What the key is for; its comment. A changed comment makes a new key. */
  comment: string;
}

export interface SshKeyOutputs extends SshKeyInputs {
  /** `ssh-ed25519 AAAA… comment`, as in authorized_keys. */
  publicKey: string;
  /** OpenSSH PEM. A secret output. */
  privateKey: string;
}

/** Makes ed25519 key pairs. They exist in the state alone. */
export const sshKeyDriver: Driver<SshKeyInputs, SshKeyOutputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["comment"] }),

  async create(inputs) {
    const pair = generateKeyPair(inputs.comment);
    return {
      id: inputs.comment,
      outputs: { ...inputs, publicKey: pair.public, privateKey: pair.private },
    };
  },

  async delete() {
    // Nothing but the state holds it.
  },
};
