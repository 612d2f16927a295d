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

/** What the settings say of a storage node. */
export interface StorageFolder {
  /** Where Longhorn keeps the volumes' data: an absolute path. */
  dataPath: string;
  /**
   * Mount point of the disk that the folder is to be on: the step fails where nothing is mounted there. Left out: nothing is asked of
   * the mounts, and the folder is on whatever file system its path is.
   */
  disk?: string;
}

/** What Longhorn does to a node, on or off. */
interface StoragePart {
  /** What its step on the host is told; none where the node keeps no volumes. */
  folder?: StorageFolder;
  /** The inventory's node, with the labels and annotations that Longhorn needs. */
  inventory: NodeSettings;
}

/** Answers what Longhorn does to each node. */
export function storageParts(settings: Settings): (node: NodeSettings) => StoragePart {
  const { nodes } = possibleStorage(settings);
  return (node) => {
    const keeping = nodes.find((one) => one.node === node);
    if (!keeping) return { inventory: node };
    if (!settings.addons.longhorn.enabled) return { inventory: withStorageLabel(node) };
    const { dataPath, disk } = keeping;
    return { folder: { dataPath, disk }, inventory: withStorageMetadata(keeping) };
  };
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

/** On every node that can keep volumes: Longhorn runs nowhere else. */
export const STORAGE_LABEL = "homelab/storage";

/**
 * The inventory's metadata of a node that can keep volumes, with Longhorn on or off: its pods are there as long as the label is, and
 * they are what removes it, after the nodes have been told that it is off.
 */
export function withStorageLabel(node: NodeSettings): NodeSettings {
  return { ...node, labels: { [STORAGE_LABEL]: "true", ...node.labels } };
}

/** The inventory's metadata of a storage node, and what tells Longhorn to make its first disk there. The inventory's own go first. */
export function withStorageMetadata({ node, dataPath, disk }: StorageNode): NodeSettings {
  const disks = JSON.stringify([{ path: dataPath, allowScheduling: true }]);
  const marked = withStorageLabel(node);
  return {
    ...marked,
    labels: { "node.longhorn.io/create-default-disk": disk === undefined ? "true" : "config", ...marked.labels },
    annotations: {
      ...(disk === undefined ? {} : { "node.longhorn.io/default-disks-config": disks }),
      ...node.annotations,
    },
  };
}
