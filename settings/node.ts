import { z } from "zod";
import * as format from "./formats";

/** Says what a setting is for; the text stands in the reference page. */
export const described = <Schema extends z.ZodType>(description: string, schema: Schema) =>
  schema.meta({ description });

/** Private subnets that have no address in common. */
export const defaultSubnets = { machines: "10.90.0.0/24", pods: "10.244.0.0/16", services: "10.96.0.0/12" } as const;

export const roles = ["control-plane", "worker"] as const;

const resources = z.partialRecord(
  z.enum(["cpu", "memory", "ephemeral-storage", "pid"]),
  format.scalarText(format.quantity, "Quantity of Kubernetes"),
);

const evictionSignals = z.enum([
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
]);

const percentage = z.number().int().min(0).max(100);

/** Settings of kubelet, by the names of its own configuration (kubelet.config.k8s.io/v1beta1). */
export const kubeletSchema = z.strictObject({
  failCgroupV1: described(
    "Whether kubelet refuses a host on cgroup v1; kubelet's own default is true",
    z.boolean(),
  ).optional(),
  evictionHard: described(
    "When kubelet evicts pods: what must stay available, as a quantity or a percentage",
    z.partialRecord(evictionSignals, format.scalarText(format.evictionThreshold, "Quantity or percentage")),
  ).optional(),
  imageGCHighThresholdPercent: described("Disk use at which images are collected", percentage).optional(),
  imageGCLowThresholdPercent: described("Disk use down to which images are collected", percentage).optional(),
  maxPods: described(
    "Most pods on a node; a node's pod subnet has 254 addresses",
    z.number().int().min(1).max(250),
  ).optional(),
  systemReserved: described("What is kept for the host", resources).optional(),
  kubeReserved: described("What is kept for Kubernetes' own processes", resources).optional(),
});

const taintSchema = z.strictObject({
  key: format.text(format.labelKey, "Key of the taint"),
  value: format.scalarText(format.labelValue, "Value of the taint").optional(),
  effect: described(
    "What happens to pods that don't tolerate it",
    z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
  ),
});

/** Name → value, where the name has a rule too. */
export const labelled = (value: format.Rule, description: string) =>
  described(description, z.record(format.text(format.labelKey, "Key"), format.scalarText(value, "Value"))).prefault({});

/** Each overrides what the kind of machine says. */
export const capabilitiesSchema = z.strictObject({
  sharedKernel: described(
    "The kernel is the computer's: modules and its own sysctls can't be set",
    z.boolean(),
  ).optional(),
  iscsi: described("The kernel has iSCSI, which Longhorn needs", z.boolean()).optional(),
});

const storageSchema = z.strictObject({
  enabled: described(
    "Keep volumes on the node, and let pods there use them; by default where the kernel has iSCSI and ordinary pods run",
    z.boolean(),
  ).optional(),
  disk: format
    .text(
      format.absolutePath,
      "Mount point of the disk for the volumes, which go to the folder `longhorn` on it. The disk must be mounted; it is never formatted",
    )
    .optional(),
});

/** What every node has, whatever kind of machine it is. */
export const nodeFields = {
  name: format.text(format.nodeName, "Hostname and name of the node (RFC 1123 label)"),
  role: described("What the node is for", z.enum(roles)),
  labels: labelled(format.labelValue, "Labels of the node"),
  annotations: labelled(format.annotationValue, "Annotations of the node"),
  taints: described("Taints that the node registers with", z.array(taintSchema)).prefault([]),
  kubelet: described("Settings of this node's kubelet, over `cluster.kubelet`", kubeletSchema).prefault({}),
  capabilities: described("What this machine can do, over `machines.capabilities`", capabilitiesSchema).prefault({}),
  storage: described("The node's part in Longhorn, where that is on", storageSchema).prefault({}),
  maintenance: described("Drain the node and keep it out of use (not built yet)", z.boolean()).default(false),
};
