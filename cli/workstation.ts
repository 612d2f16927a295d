import * as fs from "node:fs";
import { Failure, run } from "../lab/run-program";
import { attached, findSystemProgram, inPhase } from "./programs";
import { phase, say } from "./progress";

/** Something that a command needs on the workstation: a program, or a file. */
export interface Need {
  /** A program's name, or an absolute path. */
  found: string;
  /** The Debian and Ubuntu package that has it. */
  package: string;
}

/** What the lab's machines and mirror need. */
export const LAB_NEEDS: readonly Need[] = [
  { found: "systemd-nspawn", package: "systemd-container" },
  { found: "mmdebstrap", package: "mmdebstrap" },
  { found: "/usr/share/keyrings/debian-archive-keyring.gpg", package: "debian-archive-keyring" },
  { found: "dpkg-deb", package: "dpkg" },
  { found: "ip", package: "iproute2" },
  { found: "iptables", package: "iptables" },
  { found: "flock", package: "util-linux" },
];

/** What tests need beside it. Where one is missing, they are skipped and say so; CI installs it. */
export const TEST_NEEDS: readonly Need[] = [
  { found: "shellcheck", package: "shellcheck" },
  { found: "/usr/sbin/sshd", package: "openssh-server" },
  // The metal stack's hosts are LXC's, from its own template.
  { found: "lxc-start", package: "lxc" },
  { found: "/usr/share/lxc/templates/lxc-debian", package: "lxc-templates" },
  { found: "debootstrap", package: "debootstrap" },
  { found: "rsync", package: "rsync" },
  // Machines with a kernel of their own.
  { found: "qemu-system-x86_64", package: "qemu-system-x86" },
  { found: "mkfs.ext4", package: "e2fsprogs" },
];

/** How long apt waits for another process's lock, in seconds. */
const APT_LOCK_SECONDS = 120;

/** The packages of the needs that this workstation doesn't meet. */
export function missingPackages(needs: readonly Need[], isThere: (found: string) => boolean = exists): string[] {
  return [...new Set(needs.filter((need) => !isThere(need.found)).map((need) => need.package))].sort();
}

function exists(found: string): boolean {
  return found.startsWith("/") ? fs.existsSync(found) : findSystemProgram(found) !== undefined;
}

/** Installs what is missing, after saying what that is. Root's rights are used for apt alone. */
export async function installMissing(needs: readonly Need[]): Promise<void> {
  const packages = missingPackages(needs);
  if (packages.length === 0) return;
  if (process.platform !== "linux") {
    throw new Failure(
      `this workstation runs ${process.platform}, and the lab's machines are systemd-nspawn machines, which need Linux`,
      "Install Multipass (https://canonical.com/multipass/install): with it, `make up` makes virtual machines here. Or run it on Debian or Ubuntu.",
    );
  }
  if (!findSystemProgram("apt-get")) {
    throw new Failure(
      `this workstation lacks ${packages.join(", ")}, and has no apt-get to install them`,
      "Install the packages that have these programs on your distribution: " +
        needs.map((need) => need.found).join(", "),
    );
  }
  say(`Will be installed by apt: ${packages.join(" ")}`);
  await requireRoot("apt-get");
  await phase(`apt packages (${packages.join(" ")})`, async (running) => {
    const apt = (...args: string[]): string[] =>
      asRoot([
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-q",
        `-oDPkg::Lock::Timeout=${APT_LOCK_SECONDS}`,
        ...args,
      ]);
    // A repository that does not answer is a problem only if the packages can't be had from the others.
    const [update = "", ...updateArgs] = apt("update");
    await run(update, updateArgs);
    await inPhase(running, "installing packages", apt("install", "-y", "--no-install-recommends", ...packages));
  });
}

/** How often sudo's own time limit is pushed back while a command runs, in milliseconds. */
const KEEP_ALIVE_MS = 60_000;

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A command as root: as it is where we are root, else by sudo. */
export function asRoot(command: string[]): string[] {
  return isRoot() ? command : ["sudo", ...command];
}

/**
 * Makes sure that sudo asks for no password while this process runs, by asking for it now: machines are made by
 * background processes that can't ask. `what` says what it is for.
 */
export async function requireRoot(what: string): Promise<void> {
  if (isRoot()) return;
  if ((await run("sudo", ["-n", "true"])).exitCode !== 0) {
    say(`sudo is needed for ${what}`);
    if (!process.stdin.isTTY || (await attached("sudo", ["-v"])) !== 0) {
      throw new Failure(
        `root is needed for ${what}`,
        "Run the command again in a terminal as a user who may use sudo, or as root.",
      );
    }
  }
  setInterval(() => void run("sudo", ["-n", "-v"]), KEEP_ALIVE_MS).unref();
}
