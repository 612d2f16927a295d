import { addons, type OneAddon } from "../components/addons/list";
import type { Driver } from "./driver";
import { type Kind, kinds } from "./machines/kinds";

/* eslint-disable @typescript-eslint/no-require-imports --
   A driver is loaded when the engine first asks for its kind: a preview that needs none of SSH does not load it. */
const ownDrivers = {
  "ssh-key": () => (require("./machines/ssh-key/driver") as typeof import("./machines/ssh-key/driver")).sshKeyDriver,
  "ssh-key-file": () =>
    (require("./machines/ssh-key/file-driver") as typeof import("./machines/ssh-key/file-driver")).sshKeyFileDriver,
  "host-inspection": () =>
    (require("./host/inspection/driver") as typeof import("./host/inspection/driver")).inspectionDriver,
  preflight: () => (require("./host/preflight/driver") as typeof import("./host/preflight/driver")).preflightDriver,
  "kubeadm-join": () => (require("./kubeadm/join-driver") as typeof import("./kubeadm/join-driver")).joinDriver,
} satisfies Record<string, () => unknown>;
/* eslint-enable @typescript-eslint/no-require-imports */

type NamesIn<Drivers> = Drivers extends unknown ? keyof Drivers : never;

/** The kinds of driver. A kind is in users' states: it is as permanent as a resource's name. */
export type DriverKind = NamesIn<typeof ownDrivers | Kind["drivers"] | NonNullable<OneAddon["drivers"]>>;

/** The driver of a kind. Throws where the kind is unknown: the state was written by a newer checkout. */
export function driverOf(kind: string): Driver<never, object> {
  const drivers = new Map<string, () => unknown>(
    [ownDrivers, ...[...kinds, ...addons].map((one) => one.drivers ?? {})].flatMap((some) => Object.entries(some)),
  );
  const load = drivers.get(kind);
  if (!load) {
    throw new Error(`there is no driver of kind '${kind}' in this checkout; was the stack updated by a newer one?`);
  }
  return load() as Driver<never, object>;
}
