import { z } from "zod";
import { described, secretText, text } from "../../../settings/fields";
import * as format from "../../../settings/formats";
import { isSet, valueOf } from "../../../settings/places";
import type { Report, Rule, WrittenSettings } from "../../../settings/rule";
import { chartValues } from "../addon";
import { deployKeyProblem } from "./deploy-key";
import { gitUrl } from "./git-url";

export const schema = described(
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
    repoURL: text(gitUrl, "The repository that Argo CD follows"),
    path: text(format.gitPath, "Folder in it").default("."),
    revision: text(format.gitWord, "Branch, tag or commit").default("main"),
    username: text(format.loginName, "Login at the repository, for an address over HTTPS; may be encrypted")
      .meta({ mayBeEncrypted: true })
      .optional(),
    password: secretText("Password or token of that login").optional(),
    sshPrivateKey: secretText("Private key (a deploy key) for an address over SSH").optional(),
    await: described(
      "Wait for the first sync, and fail with what Argo CD says where there is none",
      z.boolean(),
    ).default(true),
  }),
);

/** bcrypt reads no more of a password. */
const PASSWORD_BYTES = 72;

type Gitops = WrittenSettings["gitops"];

/** Rules between Argo CD, the repository that it follows, and the network. */
export const rule: Rule = ({ addons: { argocd, cilium }, gitops }, report) => {
  const enabled = valueOf(argocd.enabled) === true;
  if (enabled && valueOf(cilium.enabled) === false) {
    report(
      argocd.enabled,
      "true needs addons.cilium.enabled: without a network of the program's own nothing is installed after it",
    );
  }
  const password = valueOf(argocd.adminPassword);
  if (password && Buffer.byteLength(password.reveal()) > PASSWORD_BYTES) {
    report(argocd.adminPassword, `is longer than ${PASSWORD_BYTES} bytes`);
  }
  if (!isSet(gitops)) return;
  if (!enabled) report(gitops, "needs addons.argocd.enabled: true");
  credentials(gitops, report);
  deployKey(gitops, report);
};

/** Only the server can tell whether it opens the repository; whether it is a key is known before anything changes. */
function deployKey({ sshPrivateKey }: Gitops, report: Report): void {
  const key = valueOf(sshPrivateKey);
  const problem = key && deployKeyProblem(key.reveal());
  if (problem) report(sshPrivateKey, problem);
}

/** The kind of address decides which credentials can be used. */
function credentials({ repoURL, username, password, sshPrivateKey }: Gitops, report: Report): void {
  const url = valueOf(repoURL);
  // How a malformed one is reached is not known.
  if (url === undefined) return;
  if (!/^https?:/.test(url)) {
    const useless = [username, password].filter(isSet);
    for (const one of useless) report(one, "is of no use for an address over SSH; set gitops.sshPrivateKey");
    if (!isSet(sshPrivateKey) && useless.length === 0) {
      report(repoURL, "is an address over SSH and needs gitops.sshPrivateKey");
    }
    return;
  }
  if (isSet(sshPrivateKey)) {
    report(sshPrivateKey, "is of no use for an address over HTTPS; set gitops.username and gitops.password");
  }
  if (isSet(username) && !isSet(password)) report(username, "needs gitops.password");
  if (isSet(password) && !isSet(username)) report(password, "needs gitops.username");
}
