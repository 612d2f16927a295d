import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { must } from "../run-program";
import { gateway, type Network, prefixLength } from "./home";
import { type Instance, instancePath } from "./instance";
import { type CloudConfig, printCloudConfig } from "./user-data";

/** What cloud-init finds: its NoCloud datasource. */
export interface Seed {
  readonly userData: CloudConfig;
  readonly vendorData: CloudConfig;
}

/** With cgroup v1 a user's own systemd never learns that its last process ended: a shutdown would wait two minutes for it. */
const CANNOT_STOP = ["user@.service"];

/** Lays out the instance's root file system: the image, a seed for cloud-init, and nothing else that is its own. */
export async function writeTree(instance: Instance, image: string, seed: Seed): Promise<void> {
  const tree = instancePath(instance.name, "tree");
  fs.mkdirSync(tree, { recursive: true });
  const unpack = ["--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", `--file=${image}`];
  await must("unpacking the image", "tar", [...unpack, `--directory=${tree}`]);
  for (const unit of CANNOT_STOP) fs.symlinkSync("/dev/null", path.join(tree, "etc/systemd/system", unit));
  write(tree, "etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
  for (const [name, content] of Object.entries(seedFiles(instance.name, seed))) {
    write(tree, path.join("var/lib/cloud/seed/nocloud", name), content, 0o600);
  }
}

/** The files of the seed. The instance's id is its name, as in Multipass. */
export function seedFiles(name: string, seed: Seed): Record<string, string> {
  return {
    "meta-data": printCloudConfig({ "instance-id": name, "local-hostname": name, "cloud-name": "multipass" }),
    "user-data": printCloudConfig(seed.userData),
    "vendor-data": printCloudConfig(seed.vendorData),
  };
}

/** True when cloud-init came to its end, well or not: what the daemon waits for. */
export function isInitialised(name: string): boolean {
  // Not by /var/lib/cloud/instance: seen from here, that link points out of the tree.
  return fs.existsSync(instancePath(name, "tree/var/lib/cloud/instances", name, "boot-finished"));
}

/** Tells the machine its address, for its next boot. */
export function writeLease(instance: Instance, network: Network): void {
  write(
    instancePath(instance.name, "tree"),
    "etc/systemd/network/10-lease.network",
    leaseFile(instance.address, network),
  );
}

export function leaseFile(address: string, network: Network): string {
  return `[Match]
Name=host0

[Network]
Address=${address}/${prefixLength(network)}
Gateway=${gateway(network)}
# No server answers there; but a machine without any server is not what DHCP makes.
DNS=${gateway(network)}
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
`;
}

function write(tree: string, file: string, content: string, mode = 0o644): void {
  const target = path.join(tree, file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(`${target}.part`, content, { mode });
  fs.renameSync(`${target}.part`, target);
}
