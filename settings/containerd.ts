import { z } from "zod";
import { sandboxImage } from "../versions";
import { described, type Format, pattern, text } from "./fields";
import { absolutePath, hostOrAddress, mirrorUrl } from "./formats";
import type { Rule } from "./rule";
import { isSet, valueOf } from "./places";

/** A registry's host as image names begin with it: a host and an optional port. */
const registryHost: Format = (value) => {
  const [host = "", port, ...rest] = value.split(":");
  const ok = !hostOrAddress(host) && rest.length === 0 && (port === undefined || /^\d{1,5}$/.test(port));
  return ok ? undefined : "is not the host of a registry, such as registry.k8s.io or registry.example:5000";
};

const imageReference: Format = pattern(
  /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
  512,
  `is not the full name of an image, such as ${sandboxImage}`,
);

const runtimeName: Format = pattern(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  63,
  "is not a name of a runtime: lower-case letters, digits and hyphens",
);

const runtimeType: Format = pattern(
  /^io\.containerd\.[a-z0-9-]+\.v\d+$/,
  128,
  "is not a type of containerd's runtimes, such as io.containerd.runc.v2",
);

/** runc and what takes its place with the same arguments: the one type with a program and cgroup driver of its own. */
const RUNC = "io.containerd.runc.v2";

const runtimeSchema = z.strictObject({
  type: text(runtimeType, "Type of the runtime: which shim starts it").default(RUNC),
  binary: text(
    absolutePath,
    `Program in the place of runc, for the type ${RUNC}; it must be on the host before`,
  ).optional(),
});

export const containerdSchema = z.strictObject({
  mirrors: described(
    "Addresses to pull from instead, by registry",
    z.record(
      text(registryHost, "Registry"),
      z.array(text(mirrorUrl, "Address of a mirror")).min(1, "needs at least one address"),
    ),
  ).prefault({}),
  runtimes: described(
    "Further runtimes by name, as `nvidia`; a RuntimeClass in the cluster names one as its handler. Files in /etc/containerd/conf.d can have others",
    z.record(text(runtimeName, "Name"), runtimeSchema),
  ).prefault({}),
  defaultRuntime: text(
    runtimeName,
    "Runtime of pods without a RuntimeClass; by default runc, or what a file in /etc/containerd/conf.d says",
  ).optional(),
  sandboxImage: text(imageReference, "Image of a pod's sandbox").default(sandboxImage),
});

export const containerdRule: Rule = ({ containerd }, report) => {
  for (const [name, runtime] of Object.entries(containerd.runtimes)) {
    if (name === "runc") report(runtime, "is always there, and can't be another; give yours a name of its own");
    if (isSet(runtime.binary) && (valueOf(runtime.type) ?? RUNC) !== RUNC) {
      report(runtime.binary, `is an option of the type ${RUNC} alone; leave it out`);
    }
  }
  const chosen = valueOf(containerd.defaultRuntime);
  if (chosen !== undefined && chosen !== "runc" && !containerd.runtimes[chosen]) {
    report(containerd.defaultRuntime, "is no runtime of containerd.runtimes");
  }
};

/** Where the images of the cluster and of most others come from. */
export const imageRegistries = ["docker.io", "ecr-public.aws.com", "ghcr.io", "quay.io", "registry.k8s.io"] as const;

/** Each registry's own mirrors, else its folder in the one registry that has all (`mirrors.registry`). */
export function registryMirrors(own: Record<string, string[]>, registry: string | undefined): Record<string, string[]> {
  if (registry === undefined) return own;
  const folder = registry.replace(/\/$/, "");
  return { ...Object.fromEntries(imageRegistries.map((name) => [name, [`${folder}/${name}`]])), ...own };
}
