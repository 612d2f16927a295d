import { z } from "zod";
import { aptKeyFingerprints, aptRepositories, sandboxImage, versions } from "../versions";
import * as format from "./formats";
import { defaultSubnets, described, kubeletSchema } from "./node";
import { secretText } from "./secret";
import { kubernetesVersion } from "./versions";

const component = described(
  "Settings of this component of the control plane",
  z.strictObject({
    extraArgs: described(
      "Arguments by name, without the leading hyphens",
      z.record(format.text(format.argumentName, "Name"), format.scalarText(format.argumentValue, "Value")),
    ).prefault({}),
  }),
).prefault({});

export const clusterSchema = z.strictObject({
  kubernetesVersion: format
    .scalarText(kubernetesVersion, "Version of Kubernetes, exactly")
    .prefault(versions.kubernetes),
  controlPlaneEndpoint: described(
    "Where nodes and people reach the API server; by default the first control plane",
    z.strictObject({
      host: format.text(format.hostOrAddress, "IPv4 address or DNS name"),
      port: described("TCP port", z.number().int().min(1).max(65535)).default(6443),
    }),
  ).optional(),
  certSANs: described(
    "Further names and addresses in the API server's certificate",
    z.array(format.text(format.hostOrAddress, "IPv4 address or DNS name")),
  ).prefault([]),
  podSubnet: format
    .scalarText(format.subnet, "Subnet of the pods; each node takes a /24 of it")
    .prefault(defaultSubnets.pods),
  serviceSubnet: format.scalarText(format.subnet, "Subnet of the services").prefault(defaultSubnets.services),
  dnsDomain: format.text(format.dnsName, "DNS domain of the services").default("cluster.local"),
  apiServer: component,
  controllerManager: component,
  scheduler: component,
  featureGates: described(
    "Feature gates of Kubernetes, for all its components",
    z.record(format.text(format.featureGateName, "Name"), z.boolean()),
  ).prefault({}),
  kubelet: described("Settings of every kubelet", kubeletSchema).prefault({}),
  kubeadm: described(
    "Settings of kubeadm itself",
    z.strictObject({
      ignorePreflightErrors: described(
        "kubeadm's own checks whose failure is a warning",
        z.array(format.text(format.preflightCheck, "Name of the check")),
      ).prefault([]),
    }),
  ).prefault({}),
});

export const containerdSchema = z.strictObject({
  mirrors: described(
    "Addresses to pull from instead, by registry",
    z.record(
      format.text(format.registryHost, "Registry"),
      z.array(format.text(format.mirrorUrl, "Address of a mirror")).min(1, "needs at least one address"),
    ),
  ).prefault({}),
  auth: described(
    "Logins by registry (not built yet)",
    z.record(
      format.text(format.registryHost, "Registry"),
      z.strictObject({
        username: format.text(format.loginName, "Name of the login"),
        password: secretText("Password or token"),
      }),
    ),
  ).prefault({}),
  sandboxImage: format.text(format.imageReference, "Image of a pod's sandbox").default(sandboxImage),
});

export const sysctlsSchema = described(
  "Kernel parameters of every host, added to those that Kubernetes needs or in their place",
  z.record(
    format.text(format.sysctlName, "Name"),
    format.scalarText(format.sysctlValue, "Value of the kernel parameter of this name"),
  ),
);

/** Where the images of the cluster and of most others come from. */
export const imageRegistries = ["docker.io", "ecr-public.aws.com", "ghcr.io", "quay.io", "registry.k8s.io"] as const;

const aptRepository = (what: string, url: string, key: string) =>
  described(
    `The apt repository of ${what}`,
    z.strictObject({
      url: format.text(format.mirrorUrl, "Address; `{minor}` and `{distribution}` are filled in").default(url),
      fingerprint: format
        .text(format.fingerprint, "Fingerprint of its primary key; another key is refused")
        .default(key),
    }),
  ).prefault({});

export const mirrorsSchema = z.strictObject({
  apt: described(
    "Where packages come from",
    z.strictObject({
      kubernetes: aptRepository(
        "kubelet, kubeadm and kubectl",
        aptRepositories.kubernetes,
        aptKeyFingerprints.kubernetes,
      ),
      docker: aptRepository("containerd.io", aptRepositories.docker, aptKeyFingerprints.docker),
      tailscale: aptRepository("tailscale", aptRepositories.tailscale, aptKeyFingerprints.tailscale),
    }),
  ).prefault({}),
  registry: format
    .text(
      format.mirrorUrl,
      `One registry that has the images of all others, each under its own name: \`ADDRESS/quay.io\` for quay.io. Used for ${imageRegistries.join(", ")}; \`containerd.mirrors\` goes before it`,
    )
    .optional(),
  charts: described(
    "A Helm repository that has all charts; by default each chart comes from its own",
    z.strictObject({
      name: format.text(format.plainName, "Name under which the charts' digests are recorded"),
      url: format.text(format.mirrorUrl, "Address, as the computer that runs Pulumi reaches it"),
    }),
  ).optional(),
});

export const proxySchema = z.strictObject({
  http: format.text(format.httpUrl, "Proxy for http").optional(),
  https: format.text(format.httpUrl, "Proxy for https").optional(),
  noProxy: described(
    "Names and subnets that are reached directly",
    z.array(format.text(format.proxyException, "Name, address or subnet")),
  ).prefault([]),
});
