import { z } from "zod";
import { capabilitiesOf, sharedCapabilities } from "../../../settings/capabilities";
import { described, type Format, pattern, scalarText, text } from "../../../settings/fields";
import { absolutePath, ipv4, subnet } from "../../../settings/formats";
import { nodeFields, nodesOf } from "../../../settings/nodes";
import type { Place } from "../../../settings/places";
import type { DeepReadonly } from "../../../settings/resolve";
import { defaultSubnets } from "../../../settings/subnets";
import type { Capabilities } from "../machine";

export const title = "systemd-nspawn machines on a Linux workstation (the stack `lab`)";

/** What these machines can do, unless the inventory says otherwise. */
export const capabilities: Capabilities = { sharedKernel: true, iscsi: false };

/**
 * The releases that machines can have, and what they are called. On a workstation with cgroup v1 a container's systemd takes the
 * workstation's version, up to 257 (Debian 13); 258 knows only v2.
 */
export const RELEASES = { bookworm: "Debian 12", trixie: "Debian 13" } as const;

export const DEFAULT_STATE_DIR = "/var/lib/homelab/nspawn";

/** Linux cuts an interface name at 15 characters. */
const interfaceName: Format = pattern(
  /^[a-z][a-z0-9_-]*$/,
  15,
  "is not an interface name: at most 15 lower-case letters, digits, '-' and '_', starting with a letter",
);

/** systemd-nspawn machines on the workstation. */
export const schema = z.strictObject({
  kind: described("The kind of machine", z.literal("nspawn")),
  network: described(
    "The bridge of the machines; the workstation has the subnet's first address",
    z.strictObject({
      bridge: text(interfaceName, "Name of the bridge").default("homelab"),
      subnet: scalarText(subnet, "Subnet of the machines").prefault(defaultSubnets.machines),
    }),
  ).prefault({}),
  image: described(
    "The system of the machines",
    z.strictObject({
      distribution: described("Distribution", z.enum(["debian"])).default("debian"),
      release: described(
        "Release: Debian 12 (bookworm) or 13 (trixie)",
        z.enum(Object.keys(RELEASES) as (keyof typeof RELEASES)[]),
      ).default("bookworm"),
    }),
  ).prefault({}),
  stateDir: text(absolutePath, "Folder for the machines' trees; several gigabytes each").default(DEFAULT_STATE_DIR),
  capabilities: sharedCapabilities,
  nodes: nodesOf(z.strictObject({ ...nodeFields, address: scalarText(ipv4, "IPv4 address of the machine") })),
});

type Parsed = z.output<typeof schema>;

export const machineSubnet = ({ network }: Place<Parsed>): Place<string> => network.subnet;

export function complete(machines: Parsed) {
  const shared = machines.capabilities;
  return {
    ...machines,
    capabilities: capabilitiesOf(capabilities, shared),
    nodes: machines.nodes.map((node) => ({
      ...node,
      capabilities: capabilitiesOf(capabilities, shared, node.capabilities),
    })),
  };
}

export type NspawnSettings = DeepReadonly<ReturnType<typeof complete>>;
