import type { NodeSettings, StorageNode } from "../../settings";

/** On every node that keeps volumes: Longhorn runs nowhere else. */
export const STORAGE_LABEL = "homelab/storage";

/** The inventory's metadata of a storage node, and what tells Longhorn to make its first disk there. The inventory's own go first. */
export function withStorageMetadata({ node, dataPath, disk }: StorageNode): NodeSettings {
  const disks = JSON.stringify([{ path: dataPath, allowScheduling: true }]);
  return {
    ...node,
    labels: {
      [STORAGE_LABEL]: "true",
      "node.longhorn.io/create-default-disk": disk === undefined ? "true" : "config",
      ...node.labels,
    },
    annotations: {
      ...(disk === undefined ? {} : { "node.longhorn.io/default-disks-config": disks }),
      ...node.annotations,
    },
  };
}
