import type { Capabilities } from "../../providers/machines/machine";
import type { Problem } from "../problems";
import { valueAt } from "../problems";
import { capabilitiesOf, type MachinesSettings } from "../resolve";
import { whyNoStorage } from "../storage";
import type { NodeView, View } from "../view";

const LONGHORN = ["addons", "longhorn"];
const KINDS: readonly string[] = ["nspawn", "multipass", "metal"] satisfies MachinesSettings["kind"][];

/** How the complaint about `addons.longhorn.enabled` begins that no change of the add-on's own settings ends. */
export const NO_STORAGE_NODE = "true needs a node that can keep volumes";

/** Rules between Longhorn and the nodes. */
export function storageProblems(view: View): Problem[] {
  if (!view.hasNodes || view.kind === undefined || !KINDS.includes(view.kind)) return [];
  const nodes = view.nodes.map((node) => ({ node, name: node.name?.value ?? "?", iscsi: hasIscsi(view, node) }));
  const denied = nodes
    .filter(({ node, iscsi }) => !iscsi && enabledOf(node) === true)
    .map(({ node }) => ({
      path: [...node.path, "storage", "enabled"],
      message: "true needs iSCSI, which the node has not (capabilities.iscsi)",
    }));
  if (valueAt(view.raw, [...LONGHORN, "enabled"]) !== true) return denied;
  const looked = nodes.map(({ node, name, iscsi }) => {
    const alone = view.nodes.length === 1;
    return { name, reason: whyNoStorage({ role: node.role, iscsi, enabled: enabledOf(node), alone }) };
  });
  const keeping = looked.filter(({ reason }) => reason === undefined).map(({ name }) => name);
  if (keeping.length > 0) return [...denied, ...replicas(view, keeping)];
  const reasons = looked.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  return [...denied, { path: [...LONGHORN, "enabled"], message: `${NO_STORAGE_NODE} (${reasons})` }];
}

function replicas(view: View, keeping: string[]): Problem[] {
  const path = [...LONGHORN, "replicas"];
  const wanted = valueAt(view.raw, path);
  if (typeof wanted !== "number" || wanted <= keeping.length) return [];
  return [
    {
      path,
      message: `${wanted} copies of a volume need as many storage nodes; there ${keeping.length === 1 ? "is 1" : `are ${keeping.length}`} (${keeping.join(", ")})`,
    },
  ];
}

function enabledOf({ raw }: NodeView): boolean | undefined {
  const enabled = valueAt(raw, ["storage", "enabled"]);
  return typeof enabled === "boolean" ? enabled : undefined;
}

function hasIscsi({ kind, raw }: View, node: NodeView): boolean {
  const overrides = [valueAt(raw, ["machines", "capabilities"]), valueAt(node.raw, ["capabilities"])];
  const known = overrides.filter((one): one is Partial<Capabilities> => one !== null && typeof one === "object");
  return capabilitiesOf(kind as MachinesSettings["kind"], ...known).iscsi;
}
