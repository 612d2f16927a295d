/* eslint-disable @typescript-eslint/no-require-imports -- see MachineKind */
import type { MachineKind } from "../kind";

/** Virtual machines of Multipass on this workstation. */
export const multipass = {
  name: "multipass",
  settings: () => require("./settings") as typeof import("./settings"),
  machines: () => (require("./machines") as typeof import("./machines")).multipassMachines,
  drivers: {
    "multipass-machine": () => (require("./driver") as typeof import("./driver")).multipassDriver,
    "multipass-condition": () => (require("./condition-driver") as typeof import("./condition-driver")).conditionDriver,
  },
} as const satisfies MachineKind;
