import type { Driver } from "./driver";

/* eslint-disable @typescript-eslint/no-require-imports --
   A driver is loaded when the engine first asks for its kind: a preview that needs none of SSH does not load it. */
const drivers = {
  "ssh-key": () => (require("./machines/ssh-key/driver") as typeof import("./machines/ssh-key/driver")).sshKeyDriver,
  "ssh-key-file": () =>
    (require("./machines/ssh-key/file-driver") as typeof import("./machines/ssh-key/file-driver")).sshKeyFileDriver,
  "nspawn-network": () =>
    (require("./machines/nspawn/network-driver") as typeof import("./machines/nspawn/network-driver")).networkDriver,
  "nspawn-machine": () =>
    (require("./machines/nspawn/machine-driver") as typeof import("./machines/nspawn/machine-driver")).machineDriver,
  "nspawn-power": () =>
    (require("./machines/nspawn/power-driver") as typeof import("./machines/nspawn/power-driver")).powerDriver,
  "multipass-machine": () =>
    (require("./machines/multipass/driver") as typeof import("./machines/multipass/driver")).multipassDriver,
  "multipass-condition": () =>
    (require("./machines/multipass/condition-driver") as typeof import("./machines/multipass/condition-driver"))
      .conditionDriver,
  "host-inspection": () =>
    (require("./host/inspection/driver") as typeof import("./host/inspection/driver")).inspectionDriver,
  preflight: () => (require("./host/preflight/driver") as typeof import("./host/preflight/driver")).preflightDriver,
  "metal-host": () => (require("./machines/metal/driver") as typeof import("./machines/metal/driver")).metalHostDriver,
  "kubeadm-join": () => (require("./kubeadm/join-driver") as typeof import("./kubeadm/join-driver")).joinDriver,
  "tailscale-login": () =>
    (require("./tailscale/login-driver") as typeof import("./tailscale/login-driver")).tailscaleLoginDriver,
  "tailscale-devices": () =>
    (require("./tailscale/devices-driver") as typeof import("./tailscale/devices-driver")).tailscaleDevicesDriver,
  "tailscale-objects": () =>
    (require("./tailscale/objects-guard") as typeof import("./tailscale/objects-guard")).tailscaleObjectsDriver,
  "argocd-password": () =>
    (require("./argocd/password-driver") as typeof import("./argocd/password-driver")).passwordDriver,
  "argocd-applications": () =>
    (require("./argocd/applications-guard") as typeof import("./argocd/applications-guard")).applicationsDriver,
  "gitops-sync": () => (require("./argocd/sync-driver") as typeof import("./argocd/sync-driver")).syncDriver,
} satisfies Record<string, () => unknown>;
/* eslint-enable @typescript-eslint/no-require-imports */

/** The kinds of driver. A kind stands in users' states: it is as permanent as a resource's name. */
export type DriverKind = keyof typeof drivers;

/** The driver of a kind. Throws where the kind is unknown: the state was written by a newer checkout. */
export function driverOf(kind: string): Driver<never, object> {
  if (!Object.hasOwn(drivers, kind)) {
    throw new Error(`there is no driver of kind '${kind}' in this checkout; was the stack updated by a newer one?`);
  }
  return drivers[kind as DriverKind]() as Driver<never, object>;
}
