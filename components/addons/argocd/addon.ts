import type { Addon } from "../addon";
import { argocdRule } from "./rule";
import { argocdSchema } from "./settings";

/* eslint-disable @typescript-eslint/no-require-imports -- loaded where it is on: see `Addon`. */
export const argocd: Addon<"argocd", typeof argocdSchema> = {
  name: "argocd",
  settings: argocdSchema,
  rule: argocdRule,
  chart: "argo-cd",
  namespace: "argocd",
  check: () => (require("./check") as typeof import("./check")).gitopsCheck,
  load: () => require("./argocd") as typeof import("./argocd"),
};
