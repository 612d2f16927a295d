import * as fs from "node:fs";
import * as path from "node:path";

/** The checkout; `make` runs every command in it. */
export const CHECKOUT = path.resolve(__dirname, "..");

const own = (...names: string[]): string => path.join(CHECKOUT, ".homelab", ...names);

/** What `make up` makes in the checkout. All of it is ignored by git. */
export const places = {
  homelab: own(),
  /** To be sourced for typing `pulumi` by hand. */
  env: own("env"),
  /** PULUMI_HOME, where the user's own is left alone. */
  pulumiHome: own("pulumi"),
  /** The local backend. */
  state: own("state"),
  /** The fingerprint of the key that signs the mirror's packages, as Pulumi.lab.yaml names the file. */
  mirrorFingerprint: own("mirror-fingerprint"),
  /** Process id and log of the mirror. */
  run: own("run"),
  /** The charts that the program fetched. A cache: `make down` leaves it. */
  charts: own("charts"),
  /** The backend in which a stack was worked on last, where that is not the local one. */
  lastBackend: (stack: string): string => own(`backend-${stack}`),
  passphrase: (stack: string): string => own(`passphrase-${stack}`),
  settings: (stack: string): string => path.join(CHECKOUT, `Pulumi.${stack}.yaml`),
};

/** Writes a file that only its owner may read. */
export function writePrivate(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, text, { mode: 0o600 });
  fs.chmodSync(file, 0o600);
}
