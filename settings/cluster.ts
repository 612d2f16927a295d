import { z } from "zod";
import { supported, versions } from "../versions";
import { duration } from "./duration";
import { described, type Format, pattern, scalarText, text } from "./fields";
import { dnsName, hostOrAddress, subnet } from "./formats";
import { checkKubelet, kubeletSchema } from "./kubelet";
import { quoted } from "./messages/problems";
import { valueOf } from "./places";
import type { Rule } from "./rule";
import { defaultSubnets } from "./subnets";

/** A version that is pinned and tested, written exactly. */
const kubernetesVersion: Format = (value) => {
  if (supported.kubernetes.includes(value)) return undefined;
  const allowed = supported.kubernetes.join(", ");
  const bare = value.replace(/^v/, "");
  if (supported.kubernetes.includes(bare)) return `has a letter before it; did you mean "${bare}"?`;
  const { cilium, from, to } = supported.ciliumKubernetesMinors;
  return `is not a supported version; allowed: ${allowed} (what is pinned and tested here; Cilium ${cilium} is made for ${from} to ${to})`;
};

const argumentName: Format = pattern(
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  64,
  "is not the name of an argument: without the leading hyphens, such as audit-log-maxage",
);

const argumentValue: Format = pattern(/^[^\p{Cc}]*$/u, 2048, "has a line break or another control character");

const featureGateName: Format = pattern(/^[A-Z][A-Za-z0-9]*$/, 64, "is not the name of a feature gate");

const preflightCheck: Format = pattern(
  /^[A-Z][A-Za-z0-9]*(-[A-Za-z0-9._-]+)?$/,
  128,
  "is not the name of one of kubeadm's checks, such as SystemVerification; 'all' would hide real faults",
);

const component = described(
  "Settings of this component of the control plane",
  z.strictObject({
    extraArgs: described(
      "Arguments by name, without the leading hyphens",
      z.record(text(argumentName, "Name"), scalarText(argumentValue, "Value")),
    ).prefault({}),
  }),
).prefault({});

/**
 * kubeadm's limits for one wait each (kubeadm.k8s.io/v1beta4, Timeouts). Its own defaults, one minute for a call of the API, are too
 * short for a host of a tenth of the usual speed; long ones cost time only where something is wrong.
 */
const timeouts = z.strictObject({
  controlPlaneComponentHealthCheck: text(
    duration,
    "For the API server, the controller manager and the scheduler",
  ).default("10m"),
  discovery: text(duration, "For a joining node, until it has read the cluster's information").default("10m"),
  etcdAPICall: text(duration, "For a call of etcd").default("5m"),
  kubeletHealthCheck: text(duration, "For the kubelet").default("10m"),
  kubernetesAPICall: text(duration, "For a call of the API server").default("5m"),
  tlsBootstrap: text(duration, "For the certificate of a joining node").default("10m"),
});

export const DEFAULT_DNS_DOMAIN = "cluster.local";

export const clusterSchema = z.strictObject({
  kubernetesVersion: scalarText(kubernetesVersion, "Version of Kubernetes, exactly").prefault(versions.kubernetes),
  controlPlaneEndpoint: described(
    "Where nodes and people reach the API server; by default the first control plane",
    z.strictObject({
      host: text(hostOrAddress, "IPv4 address or DNS name"),
      port: described("TCP port", z.number().int().min(1).max(65535)).default(6443),
    }),
  ).optional(),
  certSANs: described(
    "Further names and addresses in the API server's certificate",
    z.array(text(hostOrAddress, "IPv4 address or DNS name")),
  ).prefault([]),
  podSubnet: scalarText(subnet, "Subnet of the pods; each node takes a /24 of it").prefault(defaultSubnets.pods),
  serviceSubnet: scalarText(subnet, "Subnet of the services").prefault(defaultSubnets.services),
  dnsDomain: text(dnsName, "DNS domain of the services").default(DEFAULT_DNS_DOMAIN),
  apiServer: component,
  controllerManager: component,
  scheduler: component,
  featureGates: described(
    "Feature gates of Kubernetes, for all its components",
    z.record(text(featureGateName, "Name"), z.boolean()),
  ).prefault({}),
  kubelet: described("Settings of every kubelet", kubeletSchema).prefault({}),
  kubeadm: described(
    "Settings of kubeadm itself",
    z.strictObject({
      ignorePreflightErrors: described(
        "kubeadm's own checks whose failure is a warning",
        z.array(text(preflightCheck, "Name of the check")),
      ).prefault([]),
      timeouts: described("How long kubeadm waits at most, each time, for what is slow", timeouts).prefault({}),
    }),
  ).prefault({}),
});

/** Arguments that the program gives to the components from settings of their own. */
const ARGUMENTS_FROM_SETTINGS = {
  apiServer: {
    "service-cluster-ip-range": "cluster.serviceSubnet",
    "feature-gates": "cluster.featureGates",
    "advertise-address": "the node's address",
    "secure-port": "cluster.controlPlaneEndpoint.port",
  },
  controllerManager: {
    "cluster-cidr": "cluster.podSubnet",
    "service-cluster-ip-range": "cluster.serviceSubnet",
    "feature-gates": "cluster.featureGates",
  },
  scheduler: { "feature-gates": "cluster.featureGates" },
} as const;

/** What kubeadm mounts into the pods of the API server and the controller manager; the scheduler has none of it. */
const MOUNTED = [
  "/etc/kubernetes/pki",
  "/etc/ssl/certs",
  "/etc/ca-certificates",
  "/etc/pki/ca-trust",
  "/etc/pki/tls/certs",
  "/usr/share/ca-certificates",
  "/usr/local/share/ca-certificates",
] as const;
/** Arguments that take a file or a folder, however it is written. */
const TAKES_FILE = /(^|-)(file|dir|directory|kubeconfig|config)$/;
/** Arguments that look like it, and take none. */
const NO_FILES: readonly string[] = ["authorization-always-allow-paths", "etcd-prefix", "runtime-config"];

/** The first file that an argument names and that the component's pod can't see. */
function unseenFile(component: string, name: string, value: string): string | undefined {
  if (NO_FILES.includes(name)) return undefined;
  const words = value.split(/[,=]/).map((word) => word.trim());
  const files = words.filter((word) => word.startsWith("/") || (TAKES_FILE.test(name) && word !== "" && word !== "-"));
  const isMounted = (file: string) =>
    component !== "scheduler" && !file.includes("/..") && MOUNTED.some((folder) => file.startsWith(`${folder}/`));
  return files.find((file) => !isMounted(file));
}

export const clusterRule: Rule = ({ cluster }, report) => {
  for (const component of ["apiServer", "controllerManager", "scheduler"] as const) {
    for (const [name, argument] of Object.entries(cluster[component].extraArgs)) {
      const file = unseenFile(component, name, valueOf(argument) ?? "");
      if (file === undefined) continue;
      report(
        argument,
        `names the file ${quoted(file)}, which the component's pod doesn't see; leave it out: there is no setting yet that brings a file`,
      );
    }
    for (const [name, setting] of Object.entries(ARGUMENTS_FROM_SETTINGS[component])) {
      const argument = cluster[component].extraArgs[name];
      if (argument) report(argument, `is set from ${setting}; change that instead`);
    }
  }
  checkKubelet(cluster.kubelet, report);
};
