/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed: see `Addon`. */
import type { Addon } from "../addon";

export const cilium: Addon<"cilium", typeof import("./settings"), never> = {
  name: "cilium",
  settings: () => require("./settings") as typeof import("./settings"),
  chart: "cilium",
  namespace: "kube-system",
  check: () => (require("./check") as typeof import("./check")).ciliumCheck,
  load: () => require("./cilium") as typeof import("./cilium"),
};
