import type { Addon } from "../addon";
import { ciliumRule, ciliumSchema, socketProblems } from "./settings";

/* eslint-disable @typescript-eslint/no-require-imports -- loaded where it is on: see `Addon`. */
export const cilium: Addon<"cilium", typeof ciliumSchema> = {
  name: "cilium",
  settings: ciliumSchema,
  rule: ciliumRule,
  chart: "cilium",
  namespace: "kube-system",
  valueProblems: socketProblems,
  check: () => (require("./check") as typeof import("./check")).ciliumCheck,
  load: () => require("./cilium") as typeof import("./cilium"),
};
