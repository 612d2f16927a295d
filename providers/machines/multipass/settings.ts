import { z } from "zod";
import { capabilitiesOf, sharedCapabilities } from "../../../settings/capabilities";
import { described, type Format, freeForm, normalText, pattern, text } from "../../../settings/fields";
import { quoted } from "../../../settings/messages/problems";
import { nodeFields, nodesOf } from "../../../settings/nodes";
import { isSet, type Place, valueOf } from "../../../settings/places";
import type { DeepReadonly } from "../../../settings/resolve";
import type { Report } from "../../../settings/rule";
import { controlPlaneMinimum } from "../../../versions";
import type { Capabilities } from "../machine";
import { bytesOf, networkNameProblem, normalSize } from "./machine";

export const title = "Multipass virtual machines (the stack `local`)";

/** What these machines can do, unless the inventory says otherwise. */
export const capabilities: Capabilities = { sharedKernel: false, iscsi: true };

const isSize: Format = (value) =>
  value.length <= 16 && normalSize(value) !== undefined
    ? undefined
    : 'is not a size as Multipass takes it, such as "4G" or "512M"';

const vmSize = (description: string) =>
  normalText(isSize, (value) => normalSize(value) ?? value, `${description}; units are powers of 1024`);

const macAddress: Format = pattern(
  /^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}[0-9a-f]{2}$/i,
  17,
  "is not a MAC address, such as 52:54:00:12:34:56",
);

const networkSchema = z.strictObject({
  name: text(networkNameProblem, "A network of the workstation, as `multipass networks` lists it"),
  mode: described("Whether Multipass configures the interface in the VM", z.enum(["auto", "manual"])).default("auto"),
  mac: normalText(macAddress, (mac) => mac.toLowerCase().replaceAll("-", ":"), "Fixed MAC address").optional(),
});

/** Each is a default for all VMs and can be set for one. */
const vmFields = {
  image: described("Ubuntu release", z.enum(["22.04", "24.04", "26.04"])),
  cpus: described("Number of CPUs", z.number().int().min(1).max(256)),
  memory: vmSize("Memory, such as 4G"),
  disk: vmSize("Disk, such as 20G"),
  cloudInit: freeForm("User-data merged over the program's own, as a mapping"),
  networks: described("Further networks of the VM", z.array(networkSchema)),
};

/** Multipass virtual machines on the workstation. */
export const schema = z.strictObject({
  kind: described("The kind of machine", z.literal("multipass")),
  image: vmFields.image.default("24.04"),
  cpus: vmFields.cpus.default(2),
  memory: vmFields.memory.prefault("4G"),
  disk: vmFields.disk.prefault("20G"),
  cloudInit: vmFields.cloudInit.prefault({}),
  networks: vmFields.networks.prefault([]),
  capabilities: sharedCapabilities,
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

type Parsed = z.output<typeof schema>;

/** Multipass refuses less than 128M and 512M, but Ubuntu with Kubernetes needs more. */
const NODE_MEMORY = "1G";
const NODE_DISK = "8G";

export function checkMachines(machines: Place<Parsed>, report: Report): void {
  for (const node of machines.nodes) {
    const name = valueOf(node.name);
    if (name !== undefined && !/^[a-z]/.test(name)) {
      report(node.name, `${quoted(name)} does not start with a letter, as Multipass wants it`);
    }
    const isControlPlane = valueOf(node.role) === "control-plane";
    const who = isControlPlane ? "a control plane" : "a node";
    const least = { memory: isControlPlane ? `${controlPlaneMinimum.memoryMiB}M` : NODE_MEMORY, disk: NODE_DISK };
    for (const field of ["memory", "disk"] as const) {
      const setting = isSet(node[field]) ? node[field] : machines[field];
      const size = valueOf(setting);
      const tooLittle = size !== undefined && (bytesOf(size) ?? 0) < (bytesOf(least[field]) ?? 0);
      if (tooLittle) report(setting, `${quoted(size)} is too little for ${who}: at least ${least[field]}`);
    }
    const setting = isSet(node.cpus) ? node.cpus : machines.cpus;
    const cpus = valueOf(setting);
    if (isControlPlane && cpus !== undefined && cpus < controlPlaneMinimum.cpus) {
      report(setting, `${cpus} is too few for a control plane: at least ${controlPlaneMinimum.cpus}`);
    }
  }
}

export function complete({ nodes, ...machines }: Parsed) {
  const { image, cpus, memory, disk, cloudInit, networks, capabilities: shared } = machines;
  return {
    ...machines,
    capabilities: capabilitiesOf(capabilities, shared),
    nodes: nodes.map((node) => ({
      ...node,
      image: node.image ?? image,
      cpus: node.cpus ?? cpus,
      memory: node.memory ?? memory,
      disk: node.disk ?? disk,
      cloudInit: node.cloudInit ?? cloudInit,
      networks: node.networks ?? networks,
      capabilities: capabilitiesOf(capabilities, shared, node.capabilities),
    })),
  };
}

export type MultipassSettings = DeepReadonly<ReturnType<typeof complete>>;
