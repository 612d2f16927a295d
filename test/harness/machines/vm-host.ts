import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { must } from "../../../lab/run-program";
import { quote } from "../../../providers/host/shell/quote";
import { withSsh } from "../../../providers/host/ssh/connect";
import { succeeded } from "../../../providers/host/ssh/run";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { eventually } from "../eventually";
import type { ExistingHost, HostSsh } from "./existing-host";
import { type HostPlan, makeUserScript } from "./metal-hosts-config";
import { TestHost } from "./test-host";
import { type Accelerator, acceleratorArguments } from "./vm-accelerator";
import type { VmTree } from "./vm-tree";

/** What a machine with a kernel of its own is made from. Its disk, its console and its sockets are in the folder. */
export interface VmPlan extends HostPlan {
  /** In MiB. */
  memory: number;
  tree: VmTree;
  accelerator: Accelerator;
}

/** Emulated beside much other work, a machine boots in up to ten minutes. In seconds. */
const BOOT_SECONDS = { kvm: 120, tcg: 900 };
/** What an owner does on the host takes so long at most. In seconds. */
const RUN_SECONDS = 900;
/** Of the disk; the file has holes. */
const DISK = "8G";

/** A host that QEMU runs: Debian with a kernel, modules, swap and cgroups of its own. */
export class VmHost extends TestHost implements ExistingHost {
  readonly ssh: HostSsh;
  /** With it the owner logs in as root, so that the user's logins are the program's alone. */
  private readonly ownersKey = generateKeyPair();
  private readonly hostKey = generateKeyPair();

  private qemu?: ChildProcess;
  private ended: Promise<void> = Promise.resolve();

  constructor(readonly plan: VmPlan) {
    super(plan.name, plan.address);
    this.ssh = { hostKey: this.hostKey.public.split(" ").slice(0, 2).join(" "), user: plan.user };
  }

  get sudoPassword(): string | undefined {
    return typeof this.plan.sudo === "object" ? this.plan.sudo.password : undefined;
  }

  /** Makes the disk, and what its owner did with a keyboard. */
  async install(): Promise<void> {
    const { folder, tree, sudo, user } = this.plan;
    const rootfs = path.join(folder, "rootfs");
    await mkdir(rootfs, { recursive: true });
    const extract = ["--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--file", tree.rootfs];
    await must(`${this.name}: copying the tree`, "tar", [...extract, "--directory", rootfs]);
    const secrets = { ".host-key": this.hostKey.private };
    for (const [name, text] of Object.entries(secrets)) await writeFile(path.join(folder, name), text, { mode: 0o600 });
    const input = typeof sudo === "object" ? `${user}:${sudo.password}\n` : "";
    await must(`${this.name}: its files`, "bash", ["-euc", this.files()], { input });
    const disk = ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-d", rootfs];
    await must(`${this.name}: its disk`, "mkfs.ext4", [...disk, path.join(folder, "disk.img"), DISK]);
    await must(`${this.name}: its tree`, "rm", ["-rf", "--one-file-system", rootfs, path.join(folder, ".host-key")]);
  }

  /** Switches the machine on, and waits until it has booted. */
  async start(): Promise<void> {
    const { name, bridge, folder } = this.plan;
    const cable = `ip tuntap add dev "$1" mode tap
ip link set dev "$1" master "$2" up`;
    await must(`${name}: its cable`, "bash", ["-euc", cable, "bash", name, bridge]);
    const said = openSync(path.join(folder, QEMU_LOG), "a");
    // It ends with this process: a run that is killed leaves no machine at work.
    const qemu = spawn("setpriv", ["--pdeathsig", "KILL", "qemu-system-x86_64", ...this.arguments()], {
      stdio: ["ignore", said, said],
    });
    closeSync(said);
    this.ended = new Promise((resolve) => qemu.once("close", () => resolve()).once("error", () => resolve()));
    this.qemu = qemu;
    await this.booted();
  }

  /** Pulls the plug. */
  async stop(): Promise<void> {
    this.qemu?.kill("SIGKILL");
    await this.ended;
    await removeCable(this.name);
  }

  /** Restarts the host as its owner would, and waits until it has booted. */
  async restart(): Promise<void> {
    const before = await this.boot();
    // The answer may be lost with the connection.
    await this.run("systemctl --no-block reboot").catch(() => undefined);
    const other = async () => (await this.boot()) !== before;
    if (!(await eventually(other, this.bootSeconds, 1000)))
      throw new Error(`${this.name}: the host did not restart\n${await this.console()}`);
    await this.booted();
  }

  async boot(): Promise<string> {
    return this.ask("cat /proc/sys/kernel/random/boot_id", 10);
  }

  async run(script: string): Promise<string> {
    return this.ask(script, this.bootSeconds);
  }

  /** Without those of the owner. */
  override async logins(): Promise<number> {
    const count = `journalctl --quiet _COMM=sshd _COMM=sshd-session -o cat | grep -c '^Accepted publickey for ${this.plan.user} ' || true`;
    return Number(await this.run(count));
  }

  /** The end of what QEMU said and of the console, for messages. */
  async console(): Promise<string> {
    const read = (name: string) => readFile(path.join(this.plan.folder, name), "utf8").catch(() => "");
    const text = `${await read(QEMU_LOG)}${await read(CONSOLE)}`;
    return text.replaceAll("\r", "").split("\n").slice(-30).join("\n");
  }

  private get bootSeconds(): number {
    return BOOT_SECONDS[this.plan.accelerator.kind];
  }

  private async ask(script: string, connectSeconds: number): Promise<string> {
    const { name, address: host } = this;
    const target = {
      name,
      host,
      port: 22,
      user: "root",
      privateKey: this.ownersKey.private,
      hostKey: this.ssh.hostKey,
    };
    return withSsh(target, { timeoutSeconds: connectSeconds }, "testing", async (session) => {
      const stdin = `cd /; export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C SYSTEMD_BUS_TIMEOUT=300\n${script}\n`;
      const ended = await session.run("bash -euo pipefail -s", { stdin, timeoutSeconds: RUN_SECONDS });
      return succeeded(name, "testing", ended).stdout.replace(/\n+$/, "");
    });
  }

  private async booted(): Promise<void> {
    const ended = this.ended.then(() => "QEMU ended");
    const running = this.run("systemctl is-system-running --wait || true").catch(String);
    const state = await Promise.race([running, ended]);
    if (state === "running") return;
    const more = "systemctl --failed --no-legend; systemctl list-jobs";
    const failed = this.qemu?.exitCode === null ? await this.ask(more, 30).catch(() => "") : "";
    throw new Error(`${this.name}: the host is not up: ${state}\n${failed}\n${await this.console()}`);
  }

  private arguments(): string[] {
    const { name, address, folder, memory, tree, accelerator } = this.plan;
    return [
      ...acceleratorArguments(accelerator),
      ...["-name", name, "-m", String(memory), "-smp", "2", "-nodefaults", "-no-user-config", "-display", "none"],
      ...["-serial", `file:${path.join(folder, CONSOLE)}`],
      ...["-kernel", tree.kernel, "-initrd", tree.initrd, "-append", KERNEL_ARGUMENTS],
      ...["-drive", `file=${path.join(folder, "disk.img")},format=raw,if=virtio,cache=unsafe,discard=unmap`],
      ...["-netdev", `tap,id=net,ifname=${name},script=no,downscript=no`],
      ...["-device", `virtio-net-pci,netdev=net,mac=${macOf(address)}`],
      ...["-device", "virtio-rng-pci"],
    ];
  }

  /** The script that makes the unpacked tree into this host. The password comes by its standard input. */
  private files(): string {
    const { name, address, gateway, folder } = this.plan;
    return `tree=${quote(path.join(folder, "rootfs"))}
echo ${quote(name)} >"$tree/etc/hostname"
printf '%s\\n' '127.0.0.1 localhost' ${quote(`${address} ${name}`)} >"$tree/etc/hosts"
# Nothing answers there, but CoreDNS wants a server to be named.
echo ${quote(`nameserver ${gateway}`)} >"$tree/etc/resolv.conf"
tr -d - </proc/sys/kernel/random/uuid >"$tree/etc/machine-id"
cat >"$tree/etc/systemd/network/10-cable.network" <<'END'
[Match]
Type=ether

[Network]
Address=${address}/24
Gateway=${gateway}
END
echo '/dev/vda / ext4 defaults 0 1' >"$tree/etc/fstab"
install -m 600 ${quote(path.join(folder, ".host-key"))} "$tree/etc/ssh/ssh_host_ed25519_key"
echo ${quote(this.ssh.hostKey)} >"$tree/etc/ssh/ssh_host_ed25519_key.pub"
install -d -m 700 "$tree/root/.ssh"
echo ${quote(this.ownersKey.public.trim())} >"$tree/root/.ssh/authorized_keys"
${makeUserScript(this.plan)}`;
  }
}

const CONSOLE = "console.log";
const QEMU_LOG = "qemu.log";

/**
 * Emulated beside other work, the timer is late where the kernel tries whether there is one, and systemd's units take longer than it
 * waits for them. A kernel that panics is started again.
 */
const KERNEL_ARGUMENTS = [
  "root=/dev/vda rw console=ttyS0 quiet panic=10",
  "mitigations=off no_timer_check nowatchdog",
  "systemd.default_timeout_start_sec=900 systemd.default_device_timeout_sec=900",
].join(" ");

/** Takes the cable of a machine away, where it is there. */
export async function removeCable(name: string): Promise<void> {
  const script = `[ ! -e "/sys/class/net/$1" ] || ip link delete "$1"`;
  await must(`removing the cable of ${name}`, "bash", ["-euc", script, "bash", name]);
}

/** Locally administered, and the same after each start. */
function macOf(address: string): string {
  return ["02", "56", ...address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}
