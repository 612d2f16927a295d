import type { Addon } from "../addon";
import { longhornRule } from "./rule";
import { longhornSchema } from "./settings";

/** Where Longhorn and its objects are, in every cluster that has it. */
export const LONGHORN_NAMESPACE = "longhorn-system";

/* eslint-disable @typescript-eslint/no-require-imports -- loaded where it is on: see `Addon`. */
export const longhorn: Addon<"longhorn", typeof longhornSchema> = {
  name: "longhorn",
  settings: longhornSchema,
  rule: longhornRule,
  chart: "longhorn",
  namespace: LONGHORN_NAMESPACE,
  check: () => (require("./check") as typeof import("./check")).storageCheck,
  load: () => require("./longhorn") as typeof import("./longhorn"),
};
