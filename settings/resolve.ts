import type { z } from "zod";
import type { Capabilities } from "../providers/machines/machine";
import { imageRegistries } from "./cluster";
import { type HostSshSettings, resolveSsh } from "./login";
import type { machinesSchema, metalSchema, multipassSchema, nspawnSchema } from "./machines";
import type { settingsSchema } from "./schema";
import { minorOf } from "./versions";

/** Nothing inside can be changed. */
export type DeepReadonly<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

type Parsed = z.output<typeof settingsSchema>;
type ParsedMachines = z.output<typeof machinesSchema>;
type Multipass = z.output<typeof multipassSchema>;
type VmField = "image" | "cpus" | "memory" | "disk" | "cloudInit" | "networks";

/** A node whose capabilities are complete: its own over the machines', those over the kind's. */
type WithCapabilities<Node> = Omit<Node, "capabilities"> & { capabilities: Capabilities };
type Machines<Kind extends ParsedMachines, Node> = Omit<Kind, "nodes"> & { nodes: Node[] };

type NspawnNode = WithCapabilities<z.output<typeof nspawnSchema>["nodes"][number]>;
type MultipassNode = WithCapabilities<Omit<Multipass["nodes"][number], VmField>> & Pick<Multipass, VmField>;
type MetalNode = WithCapabilities<Omit<z.output<typeof metalSchema>["nodes"][number], "ssh">> & {
  /** Complete: the host's own over those of all hosts. */
  ssh: HostSshSettings;
};

export type NspawnSettings = DeepReadonly<WithCapabilities<Machines<z.output<typeof nspawnSchema>, NspawnNode>>>;
export type MultipassSettings = DeepReadonly<WithCapabilities<Machines<Multipass, MultipassNode>>>;
export type MetalSettings = DeepReadonly<WithCapabilities<Machines<z.output<typeof metalSchema>, MetalNode>>>;
/** Discriminated by `kind`. */
export type MachinesSettings = NspawnSettings | MultipassSettings | MetalSettings;
export type NodeSettings = MachinesSettings["nodes"][number];

/** Without `ssh`, which is merged into each host of kind metal. */
export type Settings = DeepReadonly<Omit<Parsed, "machines" | "ssh">> & { readonly machines: MachinesSettings };
export type ClusterSettings = Settings["cluster"];
export type ContainerdSettings = Settings["containerd"];
export type MirrorsSettings = Settings["mirrors"];
export type AddonsSettings = Settings["addons"];
export type CiliumSettings = AddonsSettings["cilium"];
export type LonghornSettings = AddonsSettings["longhorn"];
export type ArgocdSettings = AddonsSettings["argocd"];
export type GitopsSettings = NonNullable<Settings["gitops"]>;
export type TailscaleSettings = AddonsSettings["tailscale"];

/** What machines of a kind can do, unless the inventory says otherwise. */
const kindCapabilities: Record<ParsedMachines["kind"], Capabilities> = {
  nspawn: { sharedKernel: true, iscsi: false },
  multipass: { sharedKernel: false, iscsi: true },
  metal: { sharedKernel: false, iscsi: true },
};

export function capabilitiesOf(
  kind: ParsedMachines["kind"],
  ...overrides: { [Name in keyof Capabilities]?: boolean }[]
): Capabilities {
  const complete = { ...kindCapabilities[kind] };
  for (const override of overrides) {
    complete.sharedKernel = override.sharedKernel ?? complete.sharedKernel;
    complete.iscsi = override.iscsi ?? complete.iscsi;
  }
  return complete;
}

/** Fills in what follows from other settings, and makes the result unchangeable. */
export function resolve({ ssh, ...parsed }: Parsed): Settings {
  const minor = minorOf(parsed.cluster.kubernetesVersion);
  const { kubernetes, docker, tailscale } = parsed.mirrors.apt;
  return frozen({
    ...parsed,
    machines: resolveMachines(parsed.machines, ssh),
    containerd: { ...parsed.containerd, mirrors: registryMirrors(parsed) },
    mirrors: {
      ...parsed.mirrors,
      apt: {
        kubernetes: resolveRepository(kubernetes, minor),
        docker: resolveRepository(docker, minor),
        tailscale: resolveRepository(tailscale, minor),
      },
    },
  });
}

/** Each registry's own mirrors, else its folder in the one that has all. */
function registryMirrors({ containerd, mirrors: { registry } }: Pick<Parsed, "containerd" | "mirrors">) {
  if (registry === undefined) return containerd.mirrors;
  const all = imageRegistries.map((name) => [name, [`${registry.replace(/\/$/, "")}/${name}`]] as const);
  return { ...Object.fromEntries(all), ...containerd.mirrors };
}

function resolveRepository(repository: { url: string; fingerprint: string }, minor: string) {
  return {
    url: repository.url.replaceAll("{minor}", minor),
    fingerprint: repository.fingerprint.replaceAll(" ", "").toUpperCase(),
  };
}

function resolveMachines(machines: ParsedMachines, ssh: Parsed["ssh"]): MachinesSettings {
  const capabilities = capabilitiesOf(machines.kind, machines.capabilities);
  const complete = <Node extends { capabilities: { [Name in keyof Capabilities]?: boolean } }>(node: Node) => ({
    ...node,
    capabilities: capabilitiesOf(machines.kind, machines.capabilities, node.capabilities),
  });
  switch (machines.kind) {
    case "nspawn":
      return { ...machines, capabilities, nodes: machines.nodes.map(complete) };
    case "metal":
      return {
        ...machines,
        capabilities,
        nodes: machines.nodes.map((node) => ({ ...complete(node), ssh: resolveSsh(node.ssh, ssh) })),
      };
    case "multipass":
      return {
        ...machines,
        capabilities,
        nodes: machines.nodes.map((node) => ({ ...vmOf(machines), ...complete(node) })),
      };
  }
}

function vmOf({ image, cpus, memory, disk, cloudInit, networks }: Multipass): Pick<Multipass, VmField> {
  return { image, cpus, memory, disk, cloudInit, networks };
}

function frozen<T>(value: T): T {
  if (value !== null && typeof value === "object") {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}
