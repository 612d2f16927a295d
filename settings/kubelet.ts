import { z } from "zod";
import { duration } from "./duration";
import { described, type Format, pattern, scalarText, text } from "./fields";
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

/** `0.50` and `0.5` mean the same, so either may be written as a number. */
const amount = (format: Format, description: string) =>
  scalarText(format, description).meta({ description, scalar: true, amount: true });

const resources = z.partialRecord(
  z.enum(["cpu", "memory", "ephemeral-storage", "pid"]),
  amount(quantity, "Quantity of Kubernetes"),
);

const evictionSignals = z.enum([
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
]);

/** What kubelet 1.36 knows, without what its own help calls insecure (k8s.io/component-base/cli/flag: ciphersuites_flag.go). */
const cipherSuites = z.enum([
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
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
    z.partialRecord(evictionSignals, amount(evictionThreshold, "Quantity or percentage")),
  ).optional(),
  imageGCHighThresholdPercent: described("Disk use at which images are collected", percentage).optional(),
  imageGCLowThresholdPercent: described("Disk use down to which images are collected", percentage).optional(),
  maxPods: described(
    "Most pods on a node; a node's pod subnet has 254 addresses",
    z.number().int().min(1).max(250),
  ).optional(),
  systemReserved: described("What is kept for the host", resources).optional(),
  kubeReserved: described("What is kept for Kubernetes' own processes", resources).optional(),
  protectKernelDefaults: described(
    "Kubelet refuses to start where a sysctl is not as it wants it, in the place of setting it. The sysctls are set by the program",
    z.boolean(),
  ).optional(),
  podPidsLimit: described("Most processes and threads in a pod", z.number().int().min(100).max(4194304)).optional(),
  seccompDefault: described(
    "Pods that ask for no seccomp profile get the container runtime's own",
    z.boolean(),
  ).optional(),
  tlsCipherSuites: described(
    "Cipher suites of kubelet's server, for TLS 1.2; by default those of Go",
    z.array(cipherSuites).min(1),
  ).optional(),
  tlsMinVersion: described(
    "Least version of TLS of kubelet's server",
    z.enum(["VersionTLS12", "VersionTLS13"]),
  ).optional(),
  eventRecordQPS: described("Most events of a node in a second; 0: no limit", z.number().int().min(0)).optional(),
  streamingConnectionIdleTimeout: text(duration, "How long `kubectl exec` and the like may be silent").optional(),
});

export type KubeletPlace = Place<z.output<typeof kubeletSchema>>;

/** For the kubelets of all nodes as for that of one. */
export function checkKubelet(kubelet: KubeletPlace, report: Report): void {
  const low = valueOf(kubelet.imageGCLowThresholdPercent);
  const high = valueOf(kubelet.imageGCHighThresholdPercent);
  if (low === undefined || high === undefined || low < high) return;
  report(kubelet.imageGCLowThresholdPercent, `${low} is not below imageGCHighThresholdPercent (${high})`);
}
