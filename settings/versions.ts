import { supported } from "../versions";

/** A version that is pinned and tested, written exactly. */
export function kubernetesVersion(value: string): string | undefined {
  if (supported.kubernetes.includes(value)) return undefined;
  const allowed = supported.kubernetes.join(", ");
  const bare = value.replace(/^v/, "");
  if (supported.kubernetes.includes(bare)) return `has a letter before it; did you mean "${bare}"?`;
  const { cilium, from, to } = supported.ciliumKubernetesMinors;
  return `is not a supported version; allowed: ${allowed} (what is pinned and tested here; Cilium ${cilium} is made for ${from} to ${to})`;
}

/** "1.36.3" → "1.36" */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
