import * as fs from "node:fs";
import * as path from "node:path";
import { randomBytes } from "node:crypto";
import { userCredentials } from "./engine";
import { Failure } from "./failure";
import { places } from "./places";
import type { Stack } from "./stack";

/** The lab's passphrase is published: its secrets live no longer than its machines, and a stack made anywhere leaves the checkout clean. */
const LAB_PASSPHRASE = "homelab-lab";

/** Where the state is kept. */
export interface Backend {
  /** PULUMI_BACKEND_URL where we choose it; none where the user's login does. */
  url?: string;
  description: string;
}

/** The user's backend where there is one, unless this checkout's local backend has the stack already; else the local one. */
export function chooseBackend(stack: Stack, environment: NodeJS.ProcessEnv = process.env): Backend {
  const local = `file://${places.state}`;
  const named = environment.PULUMI_BACKEND_URL;
  if (named && named !== local) return { url: named, description: named };
  if (!fs.existsSync(stateFile(stack.name))) {
    if (environment.PULUMI_ACCESS_TOKEN) return { description: "Pulumi Cloud (PULUMI_ACCESS_TOKEN)" };
    const login = currentLogin();
    if (login) return { description: login };
  }
  fs.mkdirSync(places.state, { recursive: true, mode: 0o700 });
  fs.chmodSync(places.state, 0o700);
  return { url: local, description: ".homelab/state (local)" };
}

/** The file of a stack in the local backend. */
export function stateFile(stack: string): string {
  return path.join(places.state, ".pulumi", "stacks", "homelab", `${stack}.json`);
}

function currentLogin(): string | undefined {
  const folder = userCredentials();
  if (!folder) return undefined;
  const { current } = JSON.parse(fs.readFileSync(path.join(folder, "credentials.json"), "utf8")) as {
    current?: string;
  };
  return current || undefined;
}

/** How the stack's secrets are encrypted. */
export interface Passphrase {
  /** PULUMI_CONFIG_PASSPHRASE_FILE; none where the user's own variables are to be used. */
  file?: string;
  /** What the person must be told. */
  notice?: string;
}

/** The published passphrase for the lab; else the user's own, or a new one that the user is told of. */
export function choosePassphrase(stack: Stack, environment: NodeJS.ProcessEnv = process.env): Passphrase {
  const file = places.passphrase(stack.name);
  if (stack.name === "lab") {
    writePrivate(file, LAB_PASSPHRASE);
    return { file };
  }
  const named = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (environment.PULUMI_CONFIG_PASSPHRASE !== undefined || (named && path.dirname(named) !== places.homelab))
    return {};
  if (fs.existsSync(file)) return { file };
  if (stack.hasSalt) {
    throw new Failure(
      `the secrets of stack ${stack.name} are encrypted with a passphrase that is not known here`,
      "Set PULUMI_CONFIG_PASSPHRASE_FILE to a file that has it, and run the command again.",
    );
  }
  writePrivate(file, randomBytes(24).toString("base64url"));
  return {
    file,
    notice: `A new passphrase encrypts the secrets of ${stack.name}. Keep a copy of ${path.relative(".", file)}.`,
  };
}

/** Writes a file that only its owner may read. */
export function writePrivate(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, text, { mode: 0o600 });
  fs.chmodSync(file, 0o600);
}
