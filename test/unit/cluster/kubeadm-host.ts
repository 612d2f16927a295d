import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { libraryText } from "../../../providers/host/shell/library";

/** The folders of a host that kubeadm's scripts touch. */
const FOLDERS = /(?<![\w/])\/(etc|var|run)\//g;

/**
 * A folder in the place of a host: the scripts run in it with bash, their paths below `/etc`, `/var` and `/run` are below the folder.
 * kubeadm, kubectl, crictl and systemctl note how they are called and do what the test says.
 */
export class KubeadmHost {
  readonly folder = mkdtempSync(path.join(tmpdir(), "kubeadm-host-"));

  constructor() {
    for (const name of ["bin", "etc/kubernetes", "var/lib/homelab", "var/lib/kubelet", "var/log"]) {
      mkdirSync(path.join(this.folder, name), { recursive: true });
    }
    for (const program of ["kubeadm", "kubectl", "crictl", "systemctl"]) this.program(program, "");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** @param commands of bash; `$*` are the words that it is called with */
  program(name: string, commands: string): void {
    const file = path.join(this.folder, "bin", name);
    const note = `case "$*" in is-active*) ;; *) echo "${name} $*" >>${this.folder}/calls ;; esac`;
    writeFileSync(file, `#!/bin/bash\n${note}\n${commands}\n`);
    chmodSync(file, 0o755);
  }

  /** A file of the host, by its path there. */
  at(file: string): string {
    return path.join(this.folder, file);
  }

  write(file: string, text = ""): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), text);
  }

  has(file: string): boolean {
    return existsSync(this.at(file));
  }

  /** Runs a step's commands. `poll` tries five times, without long pauses; no process of this workstation is killed. */
  run(commands: string): { status: number | null; stdout: string; stderr: string; calls: string[] } {
    writeFileSync(this.at("calls"), "");
    const own = (text: string) => text.replace(FOLDERS, (match) => `${this.folder}${match}`);
    const script = [
      "set -euo pipefail",
      "host=cp1 step=kubeadm",
      own(libraryText()),
      `PATH=${this.at("bin")}:$PATH`,
      'poll() { local _; shift; for _ in 1 2 3 4 5; do ! "$@" || return 0; sleep 0.1; done; return 1; }',
      `kill_pods() { echo kill_pods >>${this.at("calls")}; }`,
      own(commands),
    ];
    const { status, stdout, stderr } = spawnSync("bash", ["-s"], { input: script.join("\n"), encoding: "utf8" });
    const calls = readFileSync(this.at("calls"), "utf8").trim().split("\n");
    return { status, stdout, stderr: stderr.replaceAll(this.folder, ""), calls };
  }
}
