/* eslint-disable @typescript-eslint/no-require-imports -- see MachineKind */
import type { MachineKind } from "../kind";

/** Machines in systemd-nspawn on this workstation. */
export const nspawn = {
  name: "nspawn",
  settings: () => require("./settings") as typeof import("./settings"),
  machines: () => (require("./machines") as typeof import("./machines")).nspawnMachines,
  drivers: {
    "nspawn-network": () => (require("./network-driver") as typeof import("./network-driver")).networkDriver,
    "nspawn-machine": () => (require("./machine-driver") as typeof import("./machine-driver")).machineDriver,
    "nspawn-power": () => (require("./power-driver") as typeof import("./power-driver")).powerDriver,
  },
} as const satisfies MachineKind;
