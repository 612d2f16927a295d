import { randomBytes } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import execa from "execa";
import { must } from "../../../lab/run-program";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { eventually } from "../eventually";
import type { ExistingHost, ExistingHosts, HostSsh } from "./existing-host";
import { makeOwned, removeForgotten } from "./forgotten";
import { makeBridge, removeBridge } from "./hosts-bridge";
import { ContainerHost } from "./test-host";
import { freeNetwork } from "../stacks/lab-settings";
import { cgroupNames, containerConfig, type HostPlan, hostScript, onlyFromScript } from "./metal-hosts-config";
import { ensureHostTree } from "./metal-hosts-tree";

/** One folder for each set of hosts; it may hold devices, so it can't be in every temporary folder. */
const FOLDER = "/var/tmp/homelab-metal";
const USER = "ops";
const BASTION_USER = "jump";
const BOOT_SECONDS = 60;

export interface MetalHostArgs {
  /** What sudo asks for on this host; left out: nothing. */
  sudoPassword?: string;
  /** The host takes SSH only from the bastion, which is made for it. */
  behindBastion?: boolean;
}

/** A host that LXC runs. */
export class MetalHost extends ContainerHost implements ExistingHost {
  constructor(
    readonly plan: HostPlan,
    readonly ssh: HostSsh,
  ) {
    super(plan.name, plan.address);
  }

  get sudoPassword(): string | undefined {
    return typeof this.plan.sudo === "object" ? this.plan.sudo.password : undefined;
  }

  async leader(): Promise<number> {
    const pid = Number(await this.lxc("lxc-info", "--pid", "--no-humanize"));
    if (!pid) throw new Error(`${this.name}: the host does not run`);
    return pid;
  }

  /** Switches the host on, and waits until it has booted. */
  async start(): Promise<void> {
    await this.lxc("lxc-start", "--daemon", "--logfile", path.join(this.plan.folder, "lxc.log"));
    await this.booted();
  }

  /** Pulls the plug. */
  async stop(): Promise<void> {
    await this.lxc("lxc-stop", "--kill");
  }

  /** Restarts the host as its owner would, and waits until it has booted. */
  async restart(): Promise<void> {
    const before = await this.leader();
    await this.run("systemctl reboot");
    const other = async () => (await this.leader().catch(() => before)) !== before;
    if (!(await eventually(other, BOOT_SECONDS))) throw new Error(`${this.name}: the host did not restart`);
    await this.booted();
  }

  private async booted(): Promise<void> {
    const state = () => this.run("systemctl is-system-running || true").catch(() => "");
    if (await eventually(async () => (await state()) === "running", BOOT_SECONDS)) return;
    const failed = await this.run("systemctl --failed --no-legend; systemctl list-jobs").catch(String);
    throw new Error(`${this.name}: the host is not up after ${BOOT_SECONDS} s: ${await state()}\n${failed}`);
  }

  private lxc(program: string, ...args: string[]): Promise<string> {
    const container = ["--lxcpath", path.dirname(this.plan.folder), "--name", this.name];
    return must(`${this.name}: ${program}`, program, [...container, ...args]);
  }
}

/**
 * Existing hosts for the metal stack, made by other code than the program's: Debian 12 by LXC's own template, run by LXC, on
 * a bridge of their own. They have what their owner gave them: an address, sshd with keys that the host made itself, a user
 * with a key and sudo. Nothing of Pulumi is in their making.
 */
export class MetalHosts implements ExistingHosts {
  readonly all: MetalHost[] = [];
  bastion?: MetalHost;
  /** The key that every host lets in. */
  readonly key = generateKeyPair();
  readonly sharedKernel = true;

  private constructor(
    /** Name of the bridge, and beginning of the hosts' names. */
    readonly name: string,
    /** First three numbers of the hosts' /24; the workstation is its `.1`. */
    readonly network: string,
    private readonly tree: string,
  ) {}

  /** @param name a few letters, with which the names of bridge and hosts begin */
  static async create(name: string, hosts: MetalHostArgs[]): Promise<MetalHosts> {
    await removeForgotten(FOLDER, removeSet);
    const made = new MetalHosts(`${name}-${randomBytes(2).toString("hex")}`, freeNetwork(), await ensureHostTree());
    try {
      await makeOwned(path.join(FOLDER, made.name));
      await makeBridge(made.name, `${made.network}.1/24`);
      if (hosts.some(({ behindBastion }) => behindBastion)) await made.makeBastion();
      for (const host of hosts) await made.add(host);
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** The host of this number, from 0. */
  host(index: number): MetalHost {
    const host = this.all[index];
    if (!host) throw new Error(`there is no metal host ${index}`);
    return host;
  }

  /** Makes and starts a further host. */
  async add({ sudoPassword, behindBastion }: MetalHostArgs = {}): Promise<MetalHost> {
    const number = this.all.length + 1;
    const sudo = sudoPassword === undefined ? "passwordless" : { password: sudoPassword };
    const bastion = behindBastion ? this.bastion : undefined;
    if (behindBastion && !bastion) throw new Error("no bastion was made for these hosts");
    const host = await this.make({ ...this.plan(String(number), 10 + number, USER), sudo }, bastion);
    this.all.push(host);
    if (bastion) await host.run(onlyFromScript(bastion.address));
    return host;
  }

  /** Takes everything away: hosts, whatever state they are in, their files, and the bridge. */
  async remove(): Promise<void> {
    await removeSet(this.name);
  }

  private async makeBastion(): Promise<void> {
    this.bastion = await this.make({ ...this.plan("jump", 9, BASTION_USER), sudo: "none" });
  }

  private plan(suffix: string, lastNumber: number, user: string): Omit<HostPlan, "sudo"> {
    const name = `${this.name}-${suffix}`;
    return {
      name,
      address: `${this.network}.${lastNumber}`,
      gateway: `${this.network}.1`,
      bridge: this.name,
      folder: path.join(FOLDER, this.name, name),
      user,
      authorizedKey: this.key.public.trim(),
    };
  }

  private async make(plan: HostPlan, bastion?: MetalHost): Promise<MetalHost> {
    const rootfs = path.join(plan.folder, "rootfs");
    await mkdir(rootfs, { recursive: true });
    const extract = ["--extract", "--numeric-owner", "--xattrs", "--file", this.tree, "--directory", rootfs];
    await must(`${plan.name}: copying the tree`, "tar", extract);
    await writeFile(path.join(plan.folder, "config"), containerConfig(plan));
    // The script's own standard input is left for the password.
    const input = typeof plan.sudo === "object" ? `${plan.user}:${plan.sudo.password}\n` : "";
    await must(`${plan.name}: its files`, "bash", ["-euc", hostScript(plan)], { input });
    const ssh: HostSsh = { hostKey: "", user: plan.user };
    if (bastion) ssh.bastion = { host: bastion.address, user: BASTION_USER, hostKey: bastion.ssh.hostKey };
    const host = new MetalHost(plan, ssh);
    await host.start();
    ssh.hostKey = await host.run("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    return host;
  }
}

async function removeSet(set: string): Promise<void> {
  const folder = path.join(FOLDER, set);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const hosts = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const host of hosts) {
    // It fails where the host does not run; whether one is left is seen below.
    await execa("lxc-stop", ["--lxcpath", folder, "--name", host, "--kill"], { reject: false, stdin: "ignore" });
  }
  const script = `for group; do
  for dir in /sys/fs/cgroup/"$group" /sys/fs/cgroup/*/"$group"; do
    [ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} +
  done
done`;
  await must(`removing ${set}`, "bash", ["-euc", script, "bash", ...hosts.flatMap(cgroupNames)]);
  await removeBridge(set);
  await must(`removing ${set}`, "rm", ["-rf", "--one-file-system", folder]);
}
