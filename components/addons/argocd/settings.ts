import { z } from "zod";
import { described, secretText, text } from "../../../settings/fields";
import * as format from "../../../settings/formats";
import { chartValues } from "../addon";

export const argocdSchema = described(
  "Everything else, from a Git repository",
  z.strictObject({
    enabled: described("Install Argo CD", z.boolean()).default(false),
    adminPassword: secretText(
      "Password of Argo CD's user `admin`, 72 bytes at most; by default one is made. Either is in the stack's output `argocd`",
    ).optional(),
    values: chartValues,
  }),
).prefault({});

/** `homelab:gitops`. */
export const gitopsSchema = described(
  "The repository that Argo CD takes over with; needs `addons.argocd.enabled`",
  z.strictObject({
    repoURL: text(format.gitUrl, "The repository that Argo CD follows"),
    path: text(format.gitPath, "Folder in it").default("."),
    revision: text(format.gitWord, "Branch, tag or commit").default("main"),
    username: text(format.loginName, "Login at the repository, for an address over HTTPS").optional(),
    password: secretText("Password or token of that login").optional(),
    sshPrivateKey: secretText("Private key (a deploy key) for an address over SSH").optional(),
    await: described(
      "Wait for the first sync, and fail with what Argo CD says where there is none",
      z.boolean(),
    ).default(true),
  }),
);
