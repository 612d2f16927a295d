import { readFile } from "node:fs/promises";
import path from "node:path";
import { load } from "js-yaml";
import { CHECKOUT, type LabSettings, labSettings, type TestSettingsArgs } from "./lab-settings";
import type { MultipassHosts } from "../machines/multipass-hosts";

/** The settings of the stack local with VMs of the test's own, and the lab's packages, images and charts. */
export async function localSettings(
  args: TestSettingsArgs,
  name: string,
  { network }: MultipassHosts,
  port: number,
): Promise<LabSettings> {
  const text = await readFile(path.join(CHECKOUT, "Pulumi.local.yaml"), "utf8");
  const { config: local } = load(text) as { config: LabSettings };
  const settings: LabSettings = {
    ...(await labSettings(network, port)),
    ...local,
    "homelab:machines": {
      ...local["homelab:machines"],
      // The fake Multipass's VMs share the workstation's kernel.
      capabilities: { sharedKernel: true, iscsi: false },
      nodes: args.roles.map((role, index) => ({ name: `${name}-${index + 1}`, role })),
    },
  };
  args.change?.(settings);
  return settings;
}
