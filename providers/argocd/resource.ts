import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "../driver-provider";
import type { GuardInputs } from "../guard";
import type { SyncInputs } from "./sync-driver";

type Args<Inputs> = { [key in keyof Inputs]: pulumi.Input<Inputs[key]> };

/** The password of Argo CD's admin: the one given, or one that is made. */
export class ArgocdPassword extends pulumi.dynamic.Resource {
  /** Secret. */
  declare readonly password: pulumi.Output<string>;
  /** bcrypt; secret. */
  declare readonly hash: pulumi.Output<string>;
  /** RFC 3339. */
  declare readonly changedAt: pulumi.Output<string>;

  constructor(name: string, args: { given: pulumi.Input<string> }, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("argocd-password"),
      name,
      { ...args, password: undefined, hash: undefined, changedAt: undefined },
      { ...opts, additionalSecretOutputs: ["given", "password", "hash"] },
      "argocd",
      "Password",
    );
  }
}

/** Deleted when no Application is left. Applications depend on it, and it depends on Argo CD. */
export class ArgocdApplications extends pulumi.dynamic.Resource {
  constructor(name: string, args: Args<GuardInputs>, opts?: pulumi.CustomResourceOptions) {
    const options = { ...opts, additionalSecretOutputs: ["controlPlane"] };
    super(driverProvider("argocd-applications"), name, args, options, "argocd", "Applications");
  }
}

/** Created when the Application is Synced and Healthy. */
export class GitopsSync extends pulumi.dynamic.Resource {
  constructor(name: string, args: Args<SyncInputs>, opts?: pulumi.CustomResourceOptions) {
    const options = { ...opts, additionalSecretOutputs: ["controlPlane"] };
    super(driverProvider("gitops-sync"), name, args, options, "argocd", "Sync");
  }
}
