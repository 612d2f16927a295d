import { readFile } from "node:fs/promises";
import path from "node:path";
import { load } from "js-yaml";
import { CHECKOUT, type LabSettings, labSettings, type TestSettingsArgs } from "./lab-settings";
import type { ExistingHost, ExistingHosts } from "../machines/existing-host";

/**
 * The settings of the metal stack with these hosts as its inventory, and the lab's packages, images and charts. The secrets
 * are not among them: see `metalSecrets`.
 */
export async function metalSettings(args: TestSettingsArgs, hosts: ExistingHosts, port: number): Promise<LabSettings> {
  const text = await readFile(path.join(CHECKOUT, "Pulumi.metal.yaml"), "utf8");
  const { config: metal } = load(text) as { config: LabSettings };
  const settings: LabSettings = {
    ...(await labSettings(hosts.network, port)),
    ...metal,
    // The key is set by `metalSecrets`.
    "homelab:ssh": { connectTimeoutSeconds: 30 },
    "homelab:machines": {
      kind: "metal",
      // The tests' hosts need no protection.
      protect: false,
      ...(hosts.sharedKernel ? { capabilities: { sharedKernel: true, iscsi: false } } : {}),
      nodes: args.roles.map((role, index) => inventoryEntry(hosts.all[index] as ExistingHost, role)),
    },
  };
  if (!hosts.sharedKernel) settings["homelab:cluster"] = {};
  args.change?.(settings);
  return settings;
}

/** What the inventory says of a host, but for its sudo password. */
export function inventoryEntry(host: ExistingHost, role: TestSettingsArgs["roles"][number]): Record<string, unknown> {
  return { name: host.name, role, address: host.address, ssh: host.ssh };
}

/** The settings that are set by `pulumi config set --secret`, by their paths. */
export function metalSecrets(settings: LabSettings, hosts: ExistingHosts): [path: string, value: string][] {
  const passwords = settings["homelab:machines"].nodes.flatMap(({ name }, index): [string, string][] => {
    const password = hosts.all.find((host) => host.name === name)?.sudoPassword;
    return password === undefined ? [] : [[`homelab:machines.nodes[${index}].ssh.sudoPassword`, password]];
  });
  return [["homelab:ssh.privateKey", hosts.key.private], ...passwords];
}
