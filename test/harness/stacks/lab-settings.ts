import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { signingFingerprint } from "../../../lab/packages/signing";

export const CHECKOUT = path.resolve(__dirname, "..", "..", "..");

/** The configuration of a stack file, as far as tests change it. */
export interface LabSettings {
  "homelab:machines": {
    kind: string;
    /** Of nspawn machines. */
    network?: { bridge: string; subnet: string };
    stateDir?: string;
    nodes: Record<string, unknown>[];
    [key: string]: unknown;
  };
  "homelab:sysctls"?: Record<string, string>;
  [key: string]: unknown;
}

export interface TestSettingsArgs {
  /** Roles of the machines, in the order of their addresses. */
  roles: ("control-plane" | "worker")[];
  /** Changes to the settings of Pulumi.lab.yaml. */
  change?: (settings: LabSettings) => void;
}

/** The settings of the lab stack. The mirror is the same one; the addresses by which it is reached are the test's own. */
export async function labSettings(network: string, port: number): Promise<LabSettings> {
  const text = await readFile(path.join(CHECKOUT, "Pulumi.lab.yaml"), "utf8");
  const { config } = load(text) as { config: LabSettings };
  const moved = JSON.stringify(config)
    .replaceAll("10.90.0.1:5080", `${network}.1:${port}`)
    .replaceAll("127.0.0.1:5080", `127.0.0.1:${port}`)
    .replaceAll("./.homelab/mirror-fingerprint", signingFingerprint());
  return JSON.parse(moved) as LabSettings;
}

/** The settings of the lab stack, moved to names and addresses of a test's own. */
export async function testSettings(
  args: TestSettingsArgs,
  name: string,
  network: string,
  port: number,
): Promise<LabSettings> {
  const settings = await labSettings(network, port);
  settings["homelab:machines"] = {
    ...settings["homelab:machines"],
    network: { bridge: name, subnet: `${network}.0/24` },
    nodes: args.roles.map((role, index) => ({
      name: `${name}-${index + 1}`,
      role,
      address: `${network}.${11 + index}`,
    })),
  };
  args.change?.(settings);
  return settings;
}

/** The first three numbers of a /24 that this workstation has no address in. */
export function freeNetwork(): string {
  const taken = new Set(
    Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
  );
  // Another beginning in each process: two that search at the same time must not find the same.
  for (let tried = 0; tried < 249; tried++) {
    const network = `10.91.${1 + ((process.pid + tried) % 249)}`;
    if (![...taken].some((address) => address.startsWith(`${network}.`))) return network;
  }
  throw new Error("no network is left for the test's machines");
}
