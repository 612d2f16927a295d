import { createHash, createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { openCache } from "../build/cache-folder";
import { Failure, must } from "../run-program";
import { packagedTime } from "./deb";

/**
 * The key that signs the apt repositories of the mirror. It is made of a random seed, one in each cache and readable by its owner
 * alone, so that no other user of the workstation can sign packages that the machines take. The program `homelab-mirror` makes the
 * same key of it (lab/mirror/signing.go).
 */

/** File with the seed, in the cache. */
const SEED = "signing-seed";

/** The file with the seed; made where it is missing. */
export function signingSeed(): string {
  const file = path.join(openCache(), SEED);
  if (fs.existsSync(file)) return file;
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  try {
    fs.linkSync(own, file);
  } catch (error) {
    // Another process was faster: its seed is the one.
    if (!fs.existsSync(file)) throw error;
  } finally {
    fs.rmSync(own);
  }
  return file;
}

/** Fingerprint of the key, as `gpg` prints it without its blanks; a stack pins it. */
export function signingFingerprint(): string {
  const file = signingSeed();
  try {
    return fingerprintOf(fs.readFileSync(file, "utf8").trim());
  } catch (error) {
    throw new Failure(
      `the seed of the key that signs the lab's packages can't be read: ${(error as Error).message}`,
      "Set HOMELAB_LAB_CACHE to a folder of your own.",
    );
  }
}

/** Fingerprint of the key of a seed: an ed25519 key in the version 4 format (RFC 4880, 12.2). */
export function fingerprintOf(seed: string): string {
  // The first 32 bytes of the stream that lab/mirror/signing.go takes for random.
  const secret = createHash("sha256").update(seed).update(Buffer.alloc(8)).digest();
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  const point = key.export({ format: "der", type: "spki" }).subarray(-32);
  const version4 = Buffer.from([4, 0, 0, 0, 0]);
  version4.writeUInt32BE(packagedTime, 1);
  // EdDSA, the curve's identifier, and the point as a number of 263 bits.
  const body = Buffer.concat([version4, Buffer.from("16092b06010401da470f01010740", "hex"), point]);
  const head = Buffer.from([0x99, 0, body.length]);
  return createHash("sha1").update(head).update(body).digest("hex").toUpperCase();
}

/** Writes `InRelease` and `Release.gpg` beside a repository's Release file. */
export async function sign(doing: string, release: string, mirrorProgram: string): Promise<void> {
  await must(doing, mirrorProgram, ["sign", "--seed", signingSeed(), "--release", release]);
}

/** The public key, as a repository publishes it. */
export async function publicKey(mirrorProgram: string): Promise<string> {
  return `${await must("printing the mirror's public key", mirrorProgram, ["key", "--seed", signingSeed()])}\n`;
}
