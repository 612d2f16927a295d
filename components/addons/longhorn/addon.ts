import { LONGHORN_NAMESPACE } from "../../../providers/host/shell/longhorn";
import type { Addon } from "../addon";
import { longhornRule } from "./rule";
import { longhornSchema } from "./settings";

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
