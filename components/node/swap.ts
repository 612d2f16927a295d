import type { ExpectedFact } from "../../providers/host/facts/expected";
import type { Step } from "./step";

/** Swap off, now and at every boot. On a shared kernel swap in use is the workstation's, and stays as it is. */
export const swap: Step = {
  name: "swap",
  commands: ({ sharedKernel }) => (sharedKernel ? "swap_off_at_boot" : "remember_swap\nswap_off_at_boot\nswap_off_now"),
  expected: ({ sharedKernel }) =>
    sharedKernel ? [AT_BOOT] : [{ kind: "swap", key: "active", value: "none" }, AT_BOOT],
};

const AT_BOOT: ExpectedFact = { kind: "swap", key: "at-boot", value: "none" };
