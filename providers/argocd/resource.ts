import { type Args, driverResource } from "../driver-resource";
import type { GuardInputs } from "../guard";
import type { PasswordOutputs } from "./password-driver";
import type { SyncInputs } from "./sync-driver";

/** The password of Argo CD's admin: the one given, or one that is made. */
export class ArgocdPassword extends driverResource<Args<{ given: string }>, PasswordOutputs>(
  "argocd-password",
  "argocd:Password",
  { outputs: ["password", "hash", "changedAt"], secrets: ["given", "password", "hash"] },
) {}

/** Deleted when no Application is left. Applications depend on it, and it depends on Argo CD. */
export class ArgocdApplications extends driverResource<Args<GuardInputs>>(
  "argocd-applications",
  "argocd:Applications",
  {
    secrets: ["controlPlane"],
  },
) {}

/** Created when the Application is Synced and Healthy. */
export class GitopsSync extends driverResource<Args<SyncInputs>>("gitops-sync", "argocd:Sync", {
  secrets: ["controlPlane"],
}) {}
