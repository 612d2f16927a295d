import type { NodeSettings } from "../../settings";
import type { StorageNode } from "../addons/longhorn/storage";

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
