import { z } from "zod";
import { described, type Format, pattern, scalarText, text } from "./fields";
import { absolutePath, dnsName, nodeName } from "./formats";
import { capabilitiesSchema } from "./capabilities";
import { checkKubelet, kubeletSchema } from "./kubelet";
import { pathText, quoted } from "./messages/problems";
import { isSet, pathOf, type Place, type Setting, valueOf } from "./places";
import type { Report, Rule, WrittenSettings } from "./rule";

export const roles = ["control-plane", "worker"] as const;

/** Key of a label, annotation or taint: an optional DNS prefix and a name of at most 63 characters. */
const labelKey: Format = (value) => {
  const [prefix, name, ...rest] = value.includes("/") ? value.split("/") : [undefined, value];
  const ok =
    rest.length === 0 &&
    (prefix === undefined || dnsName(prefix) === undefined) &&
    /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name ?? "");
  return ok
    ? undefined
    : "is not a key as Kubernetes takes it: an optional DNS prefix and '/', then at most 63 letters, digits, '-', '_' and '.'";
};

const labelValue: Format = pattern(
  /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  63,
  "is not a label value: letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
);

/** Kubernetes takes any text in an annotation; it is passed on literally, so only what breaks a line is refused. */
const annotationValue: Format = pattern(/^[^\p{Cc}]*$/u, 4096, "has a line break or another control character");

const taintSchema = z.strictObject({
  key: text(labelKey, "Key of the taint"),
  value: scalarText(labelValue, "Value of the taint").optional(),
  effect: described(
    "What happens to pods that don't tolerate it",
    z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
  ),
});

const byLabelKey = (value: Format, description: string) =>
  described(description, z.record(text(labelKey, "Key"), scalarText(value, "Value"))).prefault({});

const storageSchema = z.strictObject({
  enabled: described(
    "Keep volumes on the node, and let pods there use them; by default where the kernel has iSCSI and ordinary pods run",
    z.boolean(),
  ).optional(),
  disk: text(
    absolutePath,
    "Mount point of the disk for the volumes, which go to the folder `longhorn` on it. The disk must be mounted; it is never formatted",
  ).optional(),
});

/** What every node has, whatever kind of machine it is. */
export const nodeFields = {
  name: text(nodeName, "Hostname and name of the node (RFC 1123 label)"),
  role: described("What the node is for", z.enum(roles)),
  labels: byLabelKey(labelValue, "Labels of the node"),
  annotations: byLabelKey(annotationValue, "Annotations of the node"),
  taints: described("Taints that the node registers with", z.array(taintSchema)).prefault([]),
  kubelet: described("Settings of this node's kubelet, over `cluster.kubelet`", kubeletSchema).prefault({}),
  capabilities: described("What this machine can do, over `machines.capabilities`", capabilitiesSchema).prefault({}),
  storage: described("The node's part in Longhorn, where that is on", storageSchema).prefault({}),
};

/** The list of nodes of a kind of machine. */
export const nodesOf = <Node extends z.ZodType>(node: Node) =>
  described("The machines, each one node of the cluster", z.array(node).min(1, "needs at least one node"));

export type NodePlace = WrittenSettings["machines"]["nodes"][number];

export const nodesRule: Rule = (settings, report) => {
  const nodes: readonly NodePlace[] = settings.machines.nodes;
  reportRepeated(
    nodes.map(({ name }) => ({ setting: name, value: valueOf(name) })),
    report,
  );
  reportRepeated(
    nodes.flatMap((node) => addressesOf(node)),
    report,
  );
  checkRoles(settings, report);
  for (const node of nodes) {
    checkTaints(node, report);
    checkLabels(node, report);
    checkKubelet(node.kubelet, report);
  }
};

/** The well-formed addresses of a node, each once: a host may have one for both purposes. */
export function addressesOf(node: NodePlace): { setting: Setting; value: string }[] {
  const found = [
    ...("address" in node ? [node.address] : []),
    ...("privateAddress" in node ? [node.privateAddress] : []),
  ]
    .map((setting) => ({ setting, value: valueOf(setting) }))
    .filter((one): one is { setting: Place<string>; value: string } => one.value !== undefined);
  return found.filter(({ value }, index) => found.findIndex((other) => other.value === value) === index);
}

/** For what must be unique: names both places. */
export function reportRepeated(found: readonly { setting: Setting; value: string | undefined }[], report: Report) {
  found.forEach(({ setting, value }, index) => {
    const first = found.findIndex((other) => other.value === value);
    const other = found[first];
    if (value === undefined || other === undefined || first === index) return;
    report(setting, `${quoted(value)} is used by ${pathText(pathOf(other.setting))} already`);
  });
}

function checkRoles({ machines, cluster }: WrittenSettings, report: Report): void {
  const nodes: readonly NodePlace[] = machines.nodes;
  const known = nodes.map((node) => ({ node, role: valueOf(node.role) }));
  const controlPlanes = known.filter(({ role }) => role === "control-plane").map(({ node }) => node);
  if (controlPlanes.length === 0 && nodes.length > 0 && known.every(({ role }) => role !== undefined)) {
    report(machines.nodes, "needs a node with role control-plane: workers have nothing to join");
  }
  if (controlPlanes.length < 2) return;
  const names = controlPlanes.map((node) => valueOf(node.name) ?? pathText(pathOf(node))).join(", ");
  report(
    machines.nodes,
    `several control planes (${names}) are not built yet; give one node that role, and worker to the others`,
  );
  if (isSet(cluster.controlPlaneEndpoint)) return;
  report(
    cluster.controlPlaneEndpoint,
    `is required where there are several control planes (${names}): an address that all of them answer on`,
  );
}

function checkTaints({ taints }: NodePlace, report: Report): void {
  const found = taints.map((taint) => {
    const [key, effect] = [valueOf(taint.key), valueOf(taint.effect)];
    return { setting: taint, value: key === undefined || effect === undefined ? undefined : `${key}:${effect}` };
  });
  reportRepeated(found, report);
}

/** Labels that kubelet and kubeadm set themselves, and would fight over. */
const RESERVED_LABELS = [
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "node-role.kubernetes.io/control-plane",
];

function checkLabels({ labels }: NodePlace, report: Report): void {
  for (const name of RESERVED_LABELS) {
    const label = labels[name];
    if (label) report(label, "is set by Kubernetes itself; leave it out");
  }
}
