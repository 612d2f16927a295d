import { z } from "zod";
import * as format from "./formats";
import { capabilitiesSchema, defaultSubnets, described, nodeFields } from "./node";
import { hostSshSchema } from "./ssh";

const address = format.scalarText(format.ipv4, "IPv4 address of the machine");
const capabilities = described(
  "What these machines can do, where it differs from their kind",
  capabilitiesSchema,
).prefault({});
const nodesOf = <Node extends z.ZodType>(node: Node) =>
  described("The machines, each one node of the cluster", z.array(node).min(1, "needs at least one node"));

/** systemd-nspawn machines on the computer that runs Pulumi. */
export const nspawnSchema = z.strictObject({
  kind: described("The kind of machine", z.literal("nspawn")),
  network: described(
    "The bridge of the machines; the computer has the subnet's first address",
    z.strictObject({
      bridge: format.text(format.interfaceName, "Name of the bridge").default("homelab"),
      subnet: format.scalarText(format.subnet, "Subnet of the machines").prefault(defaultSubnets.machines),
    }),
  ).prefault({}),
  image: described(
    "The system of the machines",
    z.strictObject({
      distribution: described("Distribution", z.enum(["debian"])).default("debian"),
      release: described("Release", z.enum(["bookworm"])).default("bookworm"),
    }),
  ).prefault({}),
  stateDir: format
    .text(format.absolutePath, "Folder for the machines' trees; several gigabytes each")
    .default("/var/lib/homelab/nspawn"),
  capabilities,
  nodes: nodesOf(z.strictObject({ ...nodeFields, address })),
});

const networkSchema = z.strictObject({
  name: format.text(format.networkName, "A network of the computer, as `multipass networks` lists it"),
  mode: described("Whether Multipass configures the interface in the VM", z.enum(["auto", "manual"])).default("auto"),
  mac: format.text(format.macAddress, "Fixed MAC address").optional(),
});

/** Each is a default for all VMs and can be set for one. */
const vmFields = {
  image: described("Ubuntu release", z.enum(["22.04", "24.04"])),
  cpus: described("Number of CPUs", z.number().int().min(1).max(256)),
  memory: format.text(format.vmSize, "Memory, such as 4G"),
  disk: format.text(format.vmSize, "Disk, such as 20G"),
  cloudInit: described("User-data merged over the program's own, as a mapping", z.record(z.string(), z.unknown())),
  networks: described("Further networks of the VM", z.array(networkSchema)),
};

/** Multipass virtual machines on the computer that runs Pulumi. */
export const multipassSchema = z.strictObject({
  kind: described("The kind of machine", z.literal("multipass")),
  image: vmFields.image.default("24.04"),
  cpus: vmFields.cpus.default(2),
  memory: vmFields.memory.default("4G"),
  disk: vmFields.disk.default("20G"),
  cloudInit: vmFields.cloudInit.prefault({}),
  networks: vmFields.networks.prefault([]),
  capabilities,
  nodes: nodesOf(
    z.strictObject({
      ...nodeFields,
      image: vmFields.image.optional(),
      cpus: vmFields.cpus.optional(),
      memory: vmFields.memory.optional(),
      disk: vmFields.disk.optional(),
      cloudInit: vmFields.cloudInit.optional(),
      networks: vmFields.networks.optional(),
    }),
  ),
});

/** Existing hosts over SSH. */
export const metalSchema = z.strictObject({
  kind: described("The kind of machine", z.literal("metal")),
  protect: described("Refuse `pulumi destroy` until this is false", z.boolean()).default(true),
  capabilities,
  nodes: nodesOf(
    z.strictObject({
      ...nodeFields,
      address: format.scalarText(format.ipv4, "IPv4 address by which the host is reached"),
      privateAddress: format
        .scalarText(format.ipv4, "IPv4 address of the node in the cluster, where it differs")
        .optional(),
      ssh: hostSshSchema,
    }),
  ),
});

export const machinesSchema = z.discriminatedUnion("kind", [nspawnSchema, multipassSchema, metalSchema]);
