import { gitUrl } from "../formats";
import { type Problem, valueAt } from "../problems";
import { textAt, type View } from "../view";
import { deployKeyProblem } from "./deploy-key";

const ARGOCD = ["addons", "argocd"] as const;
/** bcrypt looks at no more of a password. */
const PASSWORD_BYTES = 72;

/** Rules between Argo CD, the repository that it follows, and the other settings. */
export function gitopsProblems(view: View): Problem[] {
  const enabled = valueAt(view.raw, [...ARGOCD, "enabled"]) === true;
  const problems: Problem[] = [];
  if (enabled && valueAt(view.raw, ["addons", "cilium", "enabled"]) === false) {
    problems.push({
      path: [...ARGOCD, "enabled"],
      message: "true needs addons.cilium.enabled: without a network of the program's own nothing is installed after it",
    });
  }
  const password = textAt(view.raw, [...ARGOCD, "adminPassword"]);
  if (password && Buffer.byteLength(password.value) > PASSWORD_BYTES) {
    problems.push({ path: password.path, message: `is longer than ${PASSWORD_BYTES} bytes` });
  }
  if (valueAt(view.raw, ["gitops"]) === undefined) return problems;
  if (!enabled) problems.push({ path: ["gitops"], message: "needs addons.argocd.enabled: true" });
  return [...problems, ...credentials(view), ...deployKey(view)];
}

/** That it opens the repository only the server can tell; whether it is a key is known before anything changes. */
function deployKey(view: View): Problem[] {
  const key = textAt(view.raw, ["gitops", "sshPrivateKey"]);
  // An empty one the schema reports.
  const message = key?.value ? deployKeyProblem(key.value) : undefined;
  return key && message ? [{ path: key.path, message }] : [];
}

/** An address decides which of the credentials are of use. */
function credentials(view: View): Problem[] {
  const url = textAt(view.raw, ["gitops", "repoURL"])?.value;
  // Of a malformed one nobody knows how it is reached.
  if (url === undefined || gitUrl(url) !== undefined) return [];
  const has = (name: string) => valueAt(view.raw, ["gitops", name]) !== undefined;
  const problem = (name: string, message: string): Problem => ({ path: ["gitops", name], message });
  if (!/^https?:/.test(url)) {
    const useless = ["username", "password"].filter(has);
    return [
      ...useless.map((name) => problem(name, "is of no use for an address over SSH; set gitops.sshPrivateKey")),
      ...(has("sshPrivateKey") || useless.length > 0
        ? []
        : [problem("repoURL", "is an address over SSH and needs gitops.sshPrivateKey")]),
    ];
  }
  return [
    ...(has("sshPrivateKey")
      ? [problem("sshPrivateKey", "is of no use for an address over HTTPS; set gitops.username and gitops.password")]
      : []),
    ...(has("username") && !has("password") ? [problem("username", "needs gitops.password")] : []),
    ...(has("password") && !has("username") ? [problem("password", "needs gitops.username")] : []),
  ];
}
