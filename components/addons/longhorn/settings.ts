import { z } from "zod";
import { described, text } from "../../../settings/fields";
import { absolutePath } from "../../../settings/formats";
import { capabilitiesAt } from "../../../settings/machines";
import { valueOf } from "../../../settings/places";
import type { Rule } from "../../../settings/rule";
import { chartValues } from "../addon";
import { DEFAULT_DATA_PATH } from "./addon";
import { whyNoStorage } from "./storage";

export const schema = described(
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
    ).default(DEFAULT_DATA_PATH),
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

/** How the problem of `addons.longhorn.enabled` begins that no change of the add-on's own settings ends. */
export const NO_PLACE = "true needs a node that can keep volumes";

/** Rules between Longhorn and the nodes. */
export const rule: Rule = (settings, report) => {
  const {
    addons: { longhorn },
    machines,
  } = settings;
  if (machines.nodes.length === 0) return;
  const reasons = new Map<string, string>();
  const keeping: string[] = [];
  for (const node of machines.nodes) {
    const capabilities = capabilitiesAt(settings, node);
    if (!capabilities) return;
    const { iscsi } = capabilities;
    const enabled = valueOf(node.storage.enabled);
    if (!iscsi && enabled) {
      report(node.storage.enabled, "true needs iSCSI, which the node has not (capabilities.iscsi)");
    }
    const name = valueOf(node.name) ?? "?";
    const why = whyNoStorage({ role: valueOf(node.role), iscsi, enabled, alone: machines.nodes.length === 1 });
    if (why === undefined) keeping.push(name);
    else reasons.set(name, why);
  }
  if (!valueOf(longhorn.enabled)) return;
  const replicas = valueOf(longhorn.replicas);
  if (keeping.length === 0) {
    const listed = [...reasons].map(([name, why]) => `${name}: ${why}`).join("; ");
    report(longhorn.enabled, `${NO_PLACE} (${listed})`);
  } else if (replicas !== undefined && replicas > keeping.length) {
    const count = keeping.length === 1 ? "is 1" : `are ${keeping.length}`;
    report(
      longhorn.replicas,
      `${replicas} copies of a volume need as many storage nodes; there ${count} (${keeping.join(", ")})`,
    );
  }
};
