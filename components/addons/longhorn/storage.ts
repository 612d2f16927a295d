import type { Capabilities } from "../../../providers/machines/machine";
import type { NodeSettings, Settings } from "../../../settings";

/** A node that keeps volumes, and on which they can be used. */
export interface StorageNode {
  node: NodeSettings;
  /** Where the volumes' data is: an absolute path. */
  dataPath: string;
  /** The path is another than the add-on's, because the inventory names a disk. */
  disk?: string;
}

/** The nodes' part in storage. */
export interface Storage {
  nodes: StorageNode[];
  /** The other nodes, by name, each with the reason. */
  leftOut: Record<string, string>;
}

/** Which nodes keep volumes; `undefined` where Longhorn is off. */
export function storageOf(settings: Settings): Storage | undefined {
  return settings.addons.longhorn.enabled ? possibleStorage(settings) : undefined;
}

/** Which nodes keep volumes wherever Longhorn is on, and would if it were. */
export function possibleStorage(settings: Settings): Storage {
  const { longhorn } = settings.addons;
  const nodes: readonly NodeSettings[] = settings.machines.nodes;
  const storage: Storage = { nodes: [], leftOut: {} };
  for (const node of nodes) {
    const { iscsi } = node.capabilities;
    const reason = whyNoStorage({ role: node.role, iscsi, enabled: node.storage.enabled, alone: nodes.length === 1 });
    const { disk } = node.storage;
    if (reason !== undefined) storage.leftOut[node.name] = reason;
    else if (disk === undefined) storage.nodes.push({ node, dataPath: longhorn.dataPath });
    else storage.nodes.push({ node, disk, dataPath: `${disk}/longhorn` });
  }
  return storage;
}

/** Why a node keeps no volumes: the rest of a sentence about it; `undefined` where it keeps them. */
export function whyNoStorage(node: {
  role?: string;
  iscsi: Capabilities["iscsi"];
  /** As the inventory says; `undefined` where it says nothing. */
  enabled?: boolean;
  /** It is the only node. */
  alone: boolean;
}): string | undefined {
  if (!node.iscsi) return "it has no iSCSI (capabilities.iscsi)";
  if (node.enabled === false) return "storage.enabled is false";
  if (node.role === "control-plane" && !node.alone && node.enabled === undefined) {
    return "it is a control plane, which ordinary pods don't run on; storage.enabled: true lets it keep volumes too";
  }
  return undefined;
}
