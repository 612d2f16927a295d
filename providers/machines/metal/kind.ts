/* eslint-disable @typescript-eslint/no-require-imports -- see MachineKind */
import type { MachineKind } from "../kind";

/** Existing hosts over SSH. */
export const metal = {
  name: "metal",
  settings: () => require("./settings") as typeof import("./settings"),
  machines: () => (require("./machines") as typeof import("./machines")).metalMachines,
  drivers: {
    "metal-host": () => (require("./driver") as typeof import("./driver")).metalHostDriver,
  },
} as const satisfies MachineKind;
