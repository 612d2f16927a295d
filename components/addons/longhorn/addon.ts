/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed: see `Addon`. */
import type { Addon } from "../addon";

/** Where Longhorn and its objects are, in every cluster that has it. */
export const LONGHORN_NAMESPACE = "longhorn-system";

export const longhorn: Addon<"longhorn", typeof import("./settings"), never> = {
  name: "longhorn",
  settings: () => require("./settings") as typeof import("./settings"),
  chart: "longhorn",
  namespace: LONGHORN_NAMESPACE,
  check: () => (require("./check") as typeof import("./check")).storageCheck,
  load: () => require("./longhorn") as typeof import("./longhorn"),
};
