/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed: see `Addon`. */
import type { Addon } from "../addon";

const drivers = {
  "tailscale-login": () =>
    (require("../../../providers/tailscale/login-driver") as typeof import("../../../providers/tailscale/login-driver"))
      .tailscaleLoginDriver,
  "tailscale-devices": () =>
    (
      require("../../../providers/tailscale/devices-driver") as typeof import("../../../providers/tailscale/devices-driver")
    ).tailscaleDevicesDriver,
  "tailscale-objects": () =>
    (
      require("../../../providers/tailscale/objects-guard") as typeof import("../../../providers/tailscale/objects-guard")
    ).tailscaleObjectsDriver,
};

export const tailscale: Addon<"tailscale", typeof import("./settings"), keyof typeof drivers> = {
  name: "tailscale",
  settings: () => require("./settings") as typeof import("./settings"),
  chart: "tailscale-operator",
  namespace: "tailscale",
  versionName: "tailscale-operator",
  madeUpSettings: { oauth: { clientId: "made-up", clientSecret: "made-up" } },
  // What the login keeps there.
  undo: () => "rm -rf -- /var/lib/homelab/tailscale",
  drivers,
  hosts: (settings) =>
    settings.addons.tailscale.machines.enabled
      ? (require("./hosts") as typeof import("./hosts")).tailscaleOnHosts(settings)
      : undefined,
  onChange: "the operator's pods may restart, and then those of its proxies: connections through them end",
  load: () => require("./tailscale") as typeof import("./tailscale"),
};
