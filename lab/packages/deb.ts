import * as fs from "node:fs";
import * as path from "node:path";

import { must } from "../run-program";
import type { MaintainerScripts } from "./package-files";

/** One binary package. Dependencies are written as in a control file: `libc6 (>= 2.34)`. */
export interface Deb {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly depends?: readonly string[];
  readonly recommends?: readonly string[];
  /** Packages that it provides, and that can't be installed beside it. */
  readonly replaces?: readonly string[];
  /** Path on the host to the binary on the workstation that is installed there, mode 0755. */
  readonly binaries: Readonly<Record<string, string>>;
  /** Path on the host to a text, mode 0644. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Paths among `texts` that an upgrade must not overwrite once they were changed by hand. */
  readonly conffiles?: readonly string[];
  readonly scripts?: MaintainerScripts;
}

/** Time of everything in packages and of the repositories' Release files (2026-01-01T00:00:00Z): it must not vary. */
export const packagedTime = 1_767_225_600;

/** Debian's name of the workstation's processor. */
export function debianArchitecture(processor: string = process.arch): string {
  return processor === "x64" ? "amd64" : processor;
}

/** The control file of a package; `installedKiB` is the size of its files. */
export function controlFile(deb: Deb, architecture: string, installedKiB: number): string {
  const list = (field: string, values: readonly string[] = []): string[] =>
    values.length > 0 ? [`${field}: ${values.join(", ")}`] : [];
  return [
    `Package: ${deb.name}`,
    `Version: ${deb.version}`,
    `Architecture: ${architecture}`,
    "Maintainer: homelab lab <mirror@lab.homelab>",
    `Installed-Size: ${installedKiB}`,
    ...list("Depends", deb.depends),
    ...list("Recommends", deb.recommends),
    ...list("Provides", deb.replaces),
    ...list("Conflicts", deb.replaces),
    ...list("Replaces", deb.replaces),
    "Section: admin",
    "Priority: optional",
    `Description: ${deb.summary}`,
    "",
  ].join("\n");
}

/** File name of a package in a repository. A tilde stays: apt asks for it as it is. */
export function debFileName(deb: Deb, architecture: string): string {
  return `${deb.name}_${deb.version}_${architecture}.deb`;
}

/** Builds a package into `folder`; equal contents give equal files. Returns its path. */
export async function buildDeb(deb: Deb, folder: string): Promise<string> {
  const architecture = debianArchitecture();
  const root = path.join(folder, `.${deb.name}`);
  fs.rmSync(root, { recursive: true, force: true });
  const put = (name: string, mode: number, write: (target: string) => void): void => {
    const target = path.join(root, name);
    fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
    write(target);
    fs.chmodSync(target, mode);
  };
  for (const [name, source] of Object.entries(deb.binaries)) put(name, 0o755, (to) => fs.copyFileSync(source, to));
  for (const [name, text] of Object.entries(deb.texts ?? {})) put(name, 0o644, (to) => fs.writeFileSync(to, text));
  const sizes = Object.values(deb.binaries).map((source) => Math.ceil(fs.statSync(source).size / 1024));
  const installedKiB = sizes.reduce((sum, size) => sum + size, Object.keys(deb.texts ?? {}).length);
  const control = { control: controlFile(deb, architecture, installedKiB), ...conffiles(deb) };
  for (const [name, text] of Object.entries(control)) put(`DEBIAN/${name}`, 0o644, (to) => fs.writeFileSync(to, text));
  for (const [name, text] of Object.entries(deb.scripts ?? {})) {
    put(`DEBIAN/${name}`, 0o755, (to) => fs.writeFileSync(to, text as string));
  }
  // The user's umask must not reach the hosts.
  await must(`packing ${deb.name}`, "chmod", ["-R", "u=rwX,go=rX", root]);
  const target = path.join(folder, debFileName(deb, architecture));
  const options = ["--root-owner-group", "-Zzstd", "-z3", "--build", root, target];
  await must(`packing ${deb.name}`, "dpkg-deb", options, { env: { SOURCE_DATE_EPOCH: String(packagedTime) } });
  fs.rmSync(root, { recursive: true });
  return target;
}

function conffiles(deb: Deb): { conffiles?: string } {
  return deb.conffiles ? { conffiles: deb.conffiles.map((name) => `${name}\n`).join("") } : {};
}
