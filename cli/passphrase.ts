import * as fs from "node:fs";
import * as path from "node:path";
import { randomBytes } from "node:crypto";
import type { Backend } from "./backend";
import { Failure } from "../lab/run-program";
import { places, writePrivate } from "./places";
import { PUBLISHED_PASSPHRASES } from "../settings/stack-file";
import type { Stack } from "./stack";

/** How the stack's secrets are encrypted. */
export interface Passphrase {
  /** PULUMI_CONFIG_PASSPHRASE_FILE; none where the user's own variables, or no passphrase at all, are to be used. */
  file?: string;
  /** It is in this repository, for everyone to read. */
  published?: boolean;
  /** What the person must be told. */
  notice?: string;
}

/** The published passphrase where the stack has it and may; else the user's own, or a new one that the user is told of. */
export function choosePassphrase(
  stack: Stack,
  backend: Pick<Backend, "cloud">,
  environment: NodeJS.ProcessEnv = process.env,
): Passphrase {
  const file = places.passphrase(stack.name);
  // With another salt in the file, the passphrase is the user's own.
  const published = stack.salt && PUBLISHED_PASSPHRASES[stack.salt];
  if (published && stack.machineKind === "metal") throw publishedForMetal(stack.name);
  if (published) {
    writePrivate(file, published);
    return { file, published: true };
  }
  // Another way to encrypt is chosen, or Pulumi Cloud does it.
  if (stack.otherSecretsProvider || (!stack.salt && backend.cloud)) return {};
  if (hasOwnPassphrase(environment)) return {};
  if (fs.existsSync(file) && !hasPublished(file)) return { file };
  if (stack.salt) {
    throw new Failure(
      `the secrets of stack ${stack.name} are encrypted with a passphrase that is not known here`,
      `Put it into ${path.relative(".", file)}, or set PULUMI_CONFIG_PASSPHRASE_FILE to a file that has it. Then run the command again.`,
    );
  }
  writePrivate(file, randomBytes(24).toString("base64url"));
  return {
    file,
    notice: `A new passphrase encrypts the secrets of ${stack.name}. Without it they can't be read: keep a copy of ${path.relative(".", file)}.`,
  };
}

/** The settings of a real cluster began as a copy of the lab's: its secrets could be read by anyone. */
function publishedForMetal(stack: string): Failure {
  return new Failure(
    `Pulumi.${stack}.yaml has the encryptionsalt of the lab, whose passphrase is published: anyone could read the secrets of your cluster`,
    `Remove its last line, encryptionsalt, and the values under \`secure:\`. Then run the command again: it makes a passphrase of your own. Set the secrets again.`,
  );
}

function hasOwnPassphrase(environment: NodeJS.ProcessEnv): boolean {
  const named = environment.PULUMI_CONFIG_PASSPHRASE_FILE;
  const own = named && path.dirname(named) !== places.homelab;
  return environment.PULUMI_CONFIG_PASSPHRASE !== undefined || Boolean(own);
}

/** Files with passphrases that are nowhere else: secrets in settings files can't be read without them. */
export function ownPassphrases(): string[] {
  if (!fs.existsSync(places.homelab)) return [];
  return fs
    .readdirSync(places.homelab)
    .filter((name) => name.startsWith("passphrase-"))
    .map((name) => path.join(places.homelab, name))
    .filter((file) => !hasPublished(file));
}

/** Removes what `make up` made in the checkout, but for passphrases that are nowhere else and for `kept`. */
export function clearHomelab(kept: string[] = []): void {
  if (!fs.existsSync(places.homelab)) return;
  // Of a stack whose state is elsewhere, only this file says where.
  const backends = fs.readdirSync(places.homelab).filter((name) => name.startsWith("backend-"));
  const stay = [...kept, ...ownPassphrases(), ...backends.map((name) => path.join(places.homelab, name))];
  for (const file of fs.readdirSync(places.homelab).map((name) => path.join(places.homelab, name))) {
    if (!stay.includes(file)) fs.rmSync(file, { recursive: true, force: true });
  }
  if (stay.length === 0) fs.rmdirSync(places.homelab);
}

function hasPublished(file: string): boolean {
  return Object.values(PUBLISHED_PASSPHRASES).includes(fs.readFileSync(file, "utf8").trim());
}
