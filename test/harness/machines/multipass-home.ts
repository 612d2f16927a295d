import { createHash } from "node:crypto";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { CHECKOUT, freeNetwork } from "../stacks/lab-settings";

const PROGRAM = path.join(CHECKOUT, "lab", "multipass", "bin", "multipass");

/** How a command ended, and what it said. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** An instance as `multipass info` has it. */
export type Info = { state: string; ipv4: string[] } & Record<string, unknown>;

/** The fake Multipass with a home of a test's own, its client as it is called, and all that it does to this workstation. */
export class MultipassHome {
  /** First three numbers of the instances' /24. */
  readonly network = freeNetwork();
  /** Machines of other homes may be there. */
  private readonly before = new Set(interfaces().flatMap((name) => [name, name.replace(/^vb-/, "")]));

  private constructor(readonly folder: string) {}

  static create(): MultipassHome {
    const home = new MultipassHome(fs.mkdtempSync(path.join(os.tmpdir(), "multipass-")));
    fs.mkdirSync(home.file("knobs"));
    return home;
  }

  file(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  read(name: string): string {
    return fs.readFileSync(this.file(name), "utf8");
  }

  /** Sets one of the knobs by which a test changes what it does. */
  knob(name: string, value: string): void {
    fs.writeFileSync(this.file("knobs", name), value);
  }

  /** Any command of the client; how it ended is the answer. */
  async multipass(...words: string[]): Promise<Ended> {
    return this.run(words, "");
  }

  /** The same, with its standard input. */
  async run(words: string[], input: string): Promise<Ended> {
    const env = { FAKE_MULTIPASS_HOME: this.folder, FAKE_MULTIPASS_SUBNET: `${this.network}.0/24` };
    const { exitCode, stdout, stderr } = await execa(PROGRAM, words, { env, input, reject: false });
    return { exitCode, stdout, stderr };
  }

  async info(name: string): Promise<Info> {
    const { stdout, stderr } = await this.multipass("info", name, "--format", "json");
    if (!stdout) throw new Error(stderr);
    return (JSON.parse(stdout) as { info: Record<string, Info> }).info[name] as Info;
  }

  /** What a home that has no instances must not leave on this workstation: bridge, cables, processes, mounts, groups. */
  traces(): string[] {
    const bridge = `mp-${createHash("sha256").update(this.folder).digest("hex").slice(0, 8)}`;
    const mine = (name: string): boolean => /^(vb-)?mp[0-9a-f]{8}$/.test(name) && !this.before.has(name);
    const groups = execa.sync("find", ["/sys/fs/cgroup", "-maxdepth", "3", "-type", "d", "-name", "mp????????"]).stdout;
    const mounts = fs.readFileSync("/proc/mounts", "utf8").split("\n");
    return [
      ...interfaces().filter((name) => name === bridge || mine(name)),
      ...groups.split("\n").filter((group) => mine(path.basename(group))),
      ...mounts.filter((line) => line.includes(this.folder)),
      ...fs.readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && wordsOf(pid).includes(this.folder)),
      ...fs.readdirSync(this.file("instances")),
      ...fs.readdirSync(this.file("leases")),
    ];
  }

  /** Takes the folder away: no instance may be left. */
  remove(): void {
    fs.rmSync(this.folder, { recursive: true });
  }
}

function interfaces(): string[] {
  return fs.readdirSync("/sys/class/net");
}

function wordsOf(pid: string): string {
  try {
    // This process and its children hold the home in their words as well, but none outlives a command.
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8") + fs.readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
