/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed: see `Addon`. */
import { readShell } from "../../../providers/host/shell/library";
import type { Addon } from "../addon";

export const cilium: Addon<"cilium", typeof import("./settings"), never> = {
  name: "cilium",
  settings: () => require("./settings") as typeof import("./settings"),
  chart: "cilium",
  namespace: "kube-system",
  undo: () => `${readShell(__dirname, "undo.sh")}end_cilium`,
  check: () => (require("./check") as typeof import("./check")).ciliumCheck,
  onChange: "Cilium's agents may restart, one node after the other; pods keep their network, but for what is said here",
  load: () => require("./cilium") as typeof import("./cilium"),
};
