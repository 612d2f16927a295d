import { z } from "zod";
import type { Capabilities } from "../providers/machines/machine";
import { described } from "./fields";

/** Each overrides what the kind of machine says. */
export const capabilitiesSchema = z.strictObject({
  sharedKernel: described(
    "The kernel is another host's (containers: the lab, LXC): modules and its own sysctls can't be set",
    z.boolean(),
  ).optional(),
  iscsi: described("The kernel has iSCSI, which Longhorn needs", z.boolean()).optional(),
});

/** Of all machines of a stack; each node can have others. */
export const sharedCapabilities = described(
  "What these machines can do, where it differs from their kind",
  capabilitiesSchema,
).prefault({});

/** What the kind of machine can do, with what the inventory says of it: later ones win. */
export function capabilitiesOf(
  kind: Capabilities,
  ...overrides: readonly (z.output<typeof capabilitiesSchema> | undefined)[]
): Capabilities {
  return overrides.reduce<Capabilities>(
    (all, own) => ({ sharedKernel: own?.sharedKernel ?? all.sharedKernel, iscsi: own?.iscsi ?? all.iscsi }),
    kind,
  );
}
