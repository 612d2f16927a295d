import { open } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { utils } from "ssh2";
import { difference, type Driver } from "../../driver";
import { warn } from "../../warn";

export interface SshKeyFileInputs {
  /** Of the file with the private key, as in the settings; `~/` is the home folder. */
  path: string;
}

export interface SshKeyFileOutputs extends SshKeyFileInputs {
  /** The file's text. A secret output. */
  privateKey: string;
}

/** Rights of the group and of others. */
const NOT_THE_OWNERS = 0o077;

/** A private key in a file of this workstation. Nothing is written: the file is the user's. */
export const sshKeyFileDriver: Driver<SshKeyFileInputs, SshKeyFileOutputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted),

  async create(inputs) {
    return { id: inputs.path, outputs: await withKey(inputs.path) };
  },

  async read(id, recorded) {
    const inputs = { path: recorded.path };
    // Another workstation that refreshes the stack need not have the file: then what is recorded stays.
    const outputs = await withKey(recorded.path).catch((error: unknown) => {
      if (error instanceof MissingFile) return { ...inputs, privateKey: recorded.privateKey };
      throw error;
    });
    return { id, inputs, outputs };
  },

  async update(_id, _recorded, wanted) {
    return withKey(wanted.path);
  },

  async delete() {
    // The file is not ours.
  },
};

class MissingFile extends Error {}

/** @throws Error that names the file, and says what to do; MissingFile where there is none. */
async function withKey(file: string): Promise<SshKeyFileOutputs> {
  const text = await textOf(file);
  const key = utils.parseKey(text);
  if (key instanceof Error && /passphrase|encrypted/i.test(key.message)) {
    throw unusable(
      file,
      "the key has a passphrase",
      "Add it to an SSH agent ('ssh-add') and set ssh.agent: true instead of ssh.privateKeyPath",
    );
  }
  if (key instanceof Error) throw unusable(file, key.message, "Name a private key as ssh-keygen writes it");
  if (!key.isPrivateKey()) {
    throw unusable(
      file,
      "this is a public key",
      "Name the file of the private key, which has the same name without .pub",
    );
  }
  return { path: file, privateKey: text };
}

async function textOf(file: string): Promise<string> {
  const absolute = file.startsWith("~/") ? path.join(os.homedir(), file.slice(2)) : file;
  try {
    const handle = await open(absolute, "r");
    try {
      const { mode } = await handle.stat();
      if (mode & NOT_THE_OWNERS) warnOfMode(file, mode);
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") {
      // node's message has the absolute path; the user knows the one in the settings.
      throw unusable(file, code ?? "it can't be read", "May you read the file, and is it one?");
    }
    throw new MissingFile(
      message(file, "there is no such file", "Correct ssh.privateKeyPath, or make a key with 'ssh-keygen -t ed25519'"),
    );
  }
}

function warnOfMode(file: string, mode: number): void {
  warn(`${file}: others may read this private key (mode ${(mode & 0o777).toString(8)}). Run 'chmod 600 ${file}'`);
}

function unusable(file: string, problem: string, action: string): Error {
  return new Error(message(file, problem, action));
}

function message(file: string, problem: string, action: string): string {
  return `${file}: reading the private key (ssh.privateKeyPath) failed: ${problem}. ${action}`;
}
