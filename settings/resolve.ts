import type { z } from "zod";
import { registryMirrors } from "./containerd";
import { completeMachines } from "./machines";
import { completeMirrors } from "./mirrors";
import type { settingsSchema } from "./schema";

/** Nothing inside can be changed. */
export type DeepReadonly<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** Complete and unchangeable. Without `ssh`, which is merged into each host of kind metal. */
export type Settings = ReturnType<typeof resolve>;
/** Discriminated by `kind`. */
export type MachinesSettings = Settings["machines"];
export type NodeSettings = MachinesSettings["nodes"][number];
export type ClusterSettings = Settings["cluster"];
export type ContainerdSettings = Settings["containerd"];
export type MirrorsSettings = Settings["mirrors"];
export type AddonsSettings = Settings["addons"];
export type CiliumSettings = AddonsSettings["cilium"];
export type LonghornSettings = AddonsSettings["longhorn"];
export type GitopsSettings = NonNullable<Settings["gitops"]>;
export type TailscaleSettings = AddonsSettings["tailscale"];

/** Fills in what follows from other settings, and makes the result unchangeable. */
export function resolve({ ssh, ...settings }: z.output<typeof settingsSchema>) {
  const { machines, containerd, mirrors, cluster } = settings;
  return frozen({
    ...settings,
    machines: completeMachines(machines, ssh),
    containerd: { ...containerd, mirrors: registryMirrors(containerd.mirrors, mirrors.registry) },
    mirrors: completeMirrors(mirrors, minorOf(cluster.kubernetesVersion)),
  });
}

/** "1.36.3" → "1.36" */
function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function frozen<T>(value: T): DeepReadonly<T> {
  if (value !== null && typeof value === "object") {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value as DeepReadonly<T>;
}

/** kube-apiserver's own port. */
const API_SERVER_PORT = 6443;

/** The node's address in the cluster; `undefined` where the machine gets it when it starts (Multipass). */
export function nodeAddress(node: NodeSettings): string | undefined {
  if ("privateAddress" in node && node.privateAddress !== undefined) return node.privateAddress;
  return "address" in node ? node.address : undefined;
}

/**
 * Where nodes and users reach the API server: as set, else the first control plane. `host` is `undefined` where that
 * address is known only once the machine runs.
 */
export function controlPlaneEndpoint(settings: Settings): { host: string | undefined; port: number } {
  const { controlPlaneEndpoint: set } = settings.cluster;
  if (set) return { host: set.host, port: set.port };
  const nodes: readonly NodeSettings[] = settings.machines.nodes;
  const first = nodes.find(({ role }) => role === "control-plane");
  return { host: first && nodeAddress(first), port: API_SERVER_PORT };
}
