import { z } from "zod";
import { described, type Format, pattern, scalarText } from "./fields";
import { type Place, valueOf } from "./places";
import type { Report } from "./rule";

const quantity: Format = pattern(
  /^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/,
  32,
  'is not a quantity of Kubernetes, such as "500m", "1" or "512Mi"',
);

const evictionThreshold: Format = (value) =>
  /^(100|\d{1,2}(\.\d+)?)%$/.test(value) || quantity(value) === undefined
    ? undefined
    : 'is not an eviction threshold: a quantity such as "100Mi", or a percentage such as "10%"';

const resources = z.partialRecord(
  z.enum(["cpu", "memory", "ephemeral-storage", "pid"]),
  scalarText(quantity, "Quantity of Kubernetes"),
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
    z.partialRecord(evictionSignals, scalarText(evictionThreshold, "Quantity or percentage")),
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

/** For the kubelets of all nodes as for that of one. */
export function checkKubelet(kubelet: Place<z.output<typeof kubeletSchema>>, report: Report): void {
  const low = valueOf(kubelet.imageGCLowThresholdPercent);
  const high = valueOf(kubelet.imageGCHighThresholdPercent);
  if (low === undefined || high === undefined || low < high) return;
  report(kubelet.imageGCLowThresholdPercent, `${low} is not below imageGCHighThresholdPercent (${high})`);
}
