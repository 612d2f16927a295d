import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { must } from "../../../lab/run-program";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { freeNetwork } from "../stacks/lab-settings";
import type { ExistingHosts } from "./existing-host";
import { makeOwned, removeForgotten } from "./forgotten";
import { makeBridge, removeBridge } from "./hosts-bridge";
import { accelerator, VM_FOLDER } from "./vm-accelerator";
import { removeCable, VmHost } from "./vm-host";
import { ensureVmTree, type VmRelease } from "./vm-tree";

/** One folder for each set of machines. */
const SETS = path.join(VM_FOLDER, "sets");
const USER = "ops";

/** What many an owner has: a swap file. In the tree of a disk it would get holes, and a kernel takes none with holes. */
export const OWN_SWAP = `fallocate -l 512M /swapfile
chmod 600 /swapfile
mkswap /swapfile >/dev/null
echo '/swapfile none swap sw 0 0' >>/etc/fstab
systemctl daemon-reload
systemctl start swapfile.swap`;

/** A title, with the reason why its tests are skipped, where they are. */
export function titleOf(what: string, skipped: string | undefined): string {
  return skipped === undefined ? what : `${what} (skipped: ${skipped})`;
}

export interface VmArgs {
  release: VmRelease;
  /** In MiB; left out: what kubeadm asks of a control plane, and half as much again. */
  memory?: number;
  sudoPassword?: string;
}

/**
 * Existing hosts with a kernel of their own: Debian as an owner installed it, run by QEMU on a bridge of their own, under KVM where
 * that boots a kernel, else emulated. Nothing of Pulumi is in their making.
 */
export class VmHosts implements ExistingHosts {
  readonly all: VmHost[] = [];
  /** The key that every host lets in. */
  readonly key = generateKeyPair();
  readonly sharedKernel = false;

  private constructor(
    /** Name of the bridge, and beginning of the hosts' names. */
    readonly name: string,
    readonly network: string,
  ) {}

  /** @param name a few letters, with which the names of bridge and hosts begin */
  static async create(name: string, hosts: VmArgs[]): Promise<VmHosts> {
    await removeForgotten(SETS, removeSet);
    const made = new VmHosts(`${name}-${randomBytes(2).toString("hex")}`, freeNetwork());
    try {
      await makeOwned(path.join(SETS, made.name));
      await makeBridge(made.name, `${made.network}.1/24`);
      for (const host of hosts) await made.add(host);
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** The host of this number, from 0. */
  host(index: number): VmHost {
    const host = this.all[index];
    if (!host) throw new Error(`there is no machine ${index}`);
    return host;
  }

  /** Makes and starts a further host. */
  async add({ release, memory = 3072, sudoPassword }: VmArgs): Promise<VmHost> {
    const tree = await ensureVmTree(release);
    const number = this.all.length + 1;
    const name = `${this.name}-${number}`;
    const host = new VmHost({
      name,
      address: `${this.network}.${10 + number}`,
      gateway: `${this.network}.1`,
      bridge: this.name,
      folder: path.join(SETS, this.name, name),
      user: USER,
      authorizedKey: this.key.public.trim(),
      sudo: sudoPassword === undefined ? "passwordless" : { password: sudoPassword },
      memory,
      tree,
      accelerator: accelerator(tree.kernel),
    });
    this.all.push(host);
    await host.install();
    await host.start();
    return host;
  }

  /** Takes everything away: hosts, whatever state they are in, their files, and the bridge. */
  async remove(): Promise<void> {
    for (const host of this.all) await host.stop();
    await removeSet(this.name);
  }
}

/** Machines that a killed process made have ended with it. */
async function removeSet(set: string): Promise<void> {
  const folder = path.join(SETS, set);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const host of entries.filter((entry) => entry.isDirectory())) await removeCable(host.name);
  await removeBridge(set);
  await must(`removing ${set}`, "rm", ["-rf", "--one-file-system", folder]);
}
