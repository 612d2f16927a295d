import { spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { libraryText } from "../../providers/host/shell/library";

/** Absolute paths in a script that are a host's own. Programs stay the workstation's. */
const HOST_PATHS = /(?<![\w/.}$-])\/(boot|etc|lib\/modules|opt|proc|run|sys|usr\/lib|usr\/local\/lib|var)(?=\/)/g;

/** A host's files in a temporary folder: scripts of the steps run on them as they are, with the host's paths moved below the folder. */
export class HostTree {
  readonly root = mkdtempSync(path.join(tmpdir(), "host-"));

  constructor() {
    for (const folder of ["bin", "etc", "run", "proc", "sys"]) mkdirSync(this.at(folder));
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  at(file: string): string {
    return path.join(this.root, file);
  }

  has(file: string): boolean {
    return lstatSync(this.at(file), { throwIfNoEntry: false }) !== undefined;
  }

  read(file: string): string {
    return readFileSync(this.at(file), "utf8");
  }

  write(file: string, text: string, mode = 0o644): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), text);
    chmodSync(this.at(file), mode);
  }

  /** A program of the host, in bash; $HOST is the tree. */
  program(name: string, body: string): void {
    this.write(`bin/${name}`, `#!/bin/bash\n${body}\n`, 0o755);
  }

  /** Runs commands after the library. */
  run(commands: string): { status: number | null; stdout: string; stderr: string } {
    const script = [
      "set -euo pipefail",
      "host=w1 step=test",
      libraryText(),
      `before=/var/lib/homelab/before expected=/var/lib/homelab/expected lock_seconds=1 PATH=${this.at("bin")}:$PATH`,
      commands,
    ].join("\n");
    const moved = this.moved(script);
    const { status, stdout, stderr } = spawnSync("bash", ["-s"], {
      input: moved,
      encoding: "utf8",
      env: { ...process.env, HOST: this.root },
    });
    return { status, stdout, stderr: stderr.replaceAll(this.root, "") };
  }

  /** A script with the host's paths below the folder. */
  moved(script: string): string {
    return script.replace(HOST_PATHS, `${this.root}/$1`);
  }

  /** What was remembered of the host, as lines KIND KEY VALUE with tabs. */
  journal(): string[] {
    const file = "var/lib/homelab/before/journal";
    return this.has(file) ? this.read(file).replaceAll(this.root, "").trimEnd().split("\n") : [];
  }
}
