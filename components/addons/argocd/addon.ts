/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed: see `Addon`. */
import type { Addon } from "../addon";

const drivers = {
  "argocd-password": () =>
    (require("../../../providers/argocd/password-driver") as typeof import("../../../providers/argocd/password-driver"))
      .passwordDriver,
  "argocd-applications": () =>
    (
      require("../../../providers/argocd/applications-guard") as typeof import("../../../providers/argocd/applications-guard")
    ).applicationsDriver,
  "gitops-sync": () =>
    (require("../../../providers/argocd/sync-driver") as typeof import("../../../providers/argocd/sync-driver"))
      .syncDriver,
};

export const argocd: Addon<"argocd", typeof import("./settings"), keyof typeof drivers> = {
  name: "argocd",
  settings: () => require("./settings") as typeof import("./settings"),
  chart: "argo-cd",
  namespace: "argocd",
  drivers,
  check: () => (require("./check") as typeof import("./check")).gitopsCheck,
  onChange: "Argo CD's pods may restart; what it has deployed goes on",
  meanings: { "argocd-password": { what: "the password of admin", effect: "everybody is logged out of Argo CD" } },
  load: () => require("./argocd") as typeof import("./argocd"),
};
