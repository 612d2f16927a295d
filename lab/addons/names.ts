/** The add-ons of whose images and charts the lab has a part of its own; without their recipes, which take long to load. */
export const addonNames = ["argocd", "tailscale"] as const;

export type AddonName = (typeof addonNames)[number];

/** Charts that the lab takes unchanged from their project's own sources; the others' archives there are of its own making. */
export const unchangedCharts: readonly string[] = ["cilium", "tailscale-operator"];
