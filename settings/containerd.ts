import { z } from "zod";
import { sandboxImage } from "../versions";
import { described, type Format, pattern, text } from "./fields";
import { hostOrAddress, mirrorUrl } from "./formats";

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

export const containerdSchema = z.strictObject({
  mirrors: described(
    "Addresses to pull from instead, by registry",
    z.record(
      text(registryHost, "Registry"),
      z.array(text(mirrorUrl, "Address of a mirror")).min(1, "needs at least one address"),
    ),
  ).prefault({}),
  sandboxImage: text(imageReference, "Image of a pod's sandbox").default(sandboxImage),
});

/** Where the images of the cluster and of most others come from. */
export const imageRegistries = ["docker.io", "ecr-public.aws.com", "ghcr.io", "quay.io", "registry.k8s.io"] as const;

/** Each registry's own mirrors, else its folder in the one registry that has all (`mirrors.registry`). */
export function registryMirrors(own: Record<string, string[]>, registry: string | undefined): Record<string, string[]> {
  if (registry === undefined) return own;
  const folder = registry.replace(/\/$/, "");
  return { ...Object.fromEntries(imageRegistries.map((name) => [name, [`${folder}/${name}`]])), ...own };
}
