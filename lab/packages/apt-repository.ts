import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { must } from "../run-program";
import { debianArchitecture, packagedTime } from "./deb";
import { sign } from "./signing";

/** A package in a repository: its control fields, and its file relative to the repository's address. */
export interface IndexedPackage {
  readonly control: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The Packages index: one paragraph a package. */
export function packagesIndex(packages: readonly IndexedPackage[]): string {
  return packages
    .map(({ control, file, bytes, sha256 }) =>
      [control.trimEnd(), `Filename: ${file}`, `Size: ${bytes}`, `SHA256: ${sha256}`, ""].join("\n"),
    )
    .join("\n");
}

/** What a Release file says of itself. A flat repository has no components. */
export interface ReleaseFields {
  readonly label: string;
  readonly suite?: string;
  readonly components?: readonly string[];
}

/** The Release file. Without `Valid-Until`: what a mirror without updates serves does not expire. */
export function releaseFile(fields: ReleaseFields, indexes: Readonly<Record<string, string>>): string {
  const hashes = Object.entries(indexes).map(([name, text]) => ` ${sha256Of(text)} ${Buffer.byteLength(text)} ${name}`);
  return [
    "Origin: homelab lab",
    `Label: ${fields.label}`,
    ...(fields.suite ? [`Suite: ${fields.suite}`, `Codename: ${fields.suite}`] : []),
    `Date: ${new Date(packagedTime * 1000).toUTCString().replace("GMT", "UTC")}`,
    `Architectures: ${debianArchitecture()}`,
    ...(fields.components ? [`Components: ${fields.components.join(" ")}`] : []),
    `Description: ${fields.label} packages of the homelab lab`,
    "SHA256:",
    ...hashes,
    "",
  ].join("\n");
}

/** Writes the indexes, the Release file and its signatures into `folder`. Names of indexes are relative to it. */
export async function writeRelease(
  folder: string,
  fields: ReleaseFields,
  indexes: Readonly<Record<string, string>>,
  mirrorProgram: string,
): Promise<void> {
  for (const [name, text] of Object.entries(indexes)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  const release = path.join(folder, "Release");
  fs.writeFileSync(release, releaseFile(fields, indexes));
  await sign(`signing ${fields.label}'s repository`, release, mirrorProgram);
}

/** Reads what an index says of a package file; `repository` is the folder that its file name is relative to. */
export async function indexedPackage(repository: string, deb: string): Promise<IndexedPackage> {
  const content = fs.readFileSync(deb);
  return {
    control: await must(`reading ${path.basename(deb)}`, "dpkg-deb", ["--field", deb]),
    file: path.relative(repository, deb),
    bytes: content.length,
    sha256: sha256Of(content),
  };
}

function sha256Of(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
