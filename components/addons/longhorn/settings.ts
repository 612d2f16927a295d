import { z } from "zod";
import { described, text } from "../../../settings/fields";
import { absolutePath } from "../../../settings/formats";
import { chartValues } from "../addon";

export const longhornSchema = described(
  "Replicated volumes on the nodes' disks",
  z.strictObject({
    enabled: described("Install Longhorn, on the nodes that can keep volumes", z.boolean()).default(false),
    replicas: described(
      "Copies of each volume; by default one for each storage node, at most 3",
      z.number().int().min(1).max(5),
    ).optional(),
    dataPath: text(
      absolutePath,
      "Folder for the volumes on nodes whose `storage` names no disk; set it before the first `up`",
    ).default("/var/lib/longhorn"),
    defaultStorageClass: described(
      "PersistentVolumeClaims that name no StorageClass get a volume of Longhorn",
      z.boolean(),
    ).default(true),
    protect: described(
      "Refuse to remove Longhorn with its volumes until this is false, in Pulumi and in Longhorn itself. It is deleted with machines that `destroy` deletes, either way",
      z.boolean(),
    ).default(true),
    values: chartValues,
  }),
).prefault({});
