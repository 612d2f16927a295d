import type { Addon } from "../addon";
import { tailscaleRule } from "./rule";
import { tailscaleLeftOut, tailscaleSchema } from "./settings";

/* eslint-disable @typescript-eslint/no-require-imports -- loaded where it is on: see `Addon`. */
export const tailscale: Addon<"tailscale", typeof tailscaleSchema> = {
  name: "tailscale",
  settings: tailscaleSchema,
  rule: tailscaleRule,
  chart: "tailscale-operator",
  namespace: "tailscale",
  versionName: "tailscale-operator",
  leftOut: ({ tailscale: settings }) => tailscaleLeftOut(settings),
  hosts: (settings) =>
    settings.addons.tailscale.machines.enabled
      ? (require("./hosts") as typeof import("./hosts")).tailscaleOnHosts(settings)
      : undefined,
  load: () => require("./tailscale") as typeof import("./tailscale"),
};
