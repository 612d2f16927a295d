import * as pulumi from "@pulumi/pulumi";
import { driverProvider, OLD_ONE_FIRST } from "../driver-provider";
import type { JoinInputs } from "./join-driver";

export type KubeadmJoinArgs = { [key in keyof JoinInputs]: pulumi.Input<JoinInputs[key]> };

/** A node's membership in a kubeadm cluster: made by `kubeadm join`, ended by drain, delete and `kubeadm reset`. */
export class KubeadmJoin extends pulumi.dynamic.Resource {
  constructor(name: string, args: KubeadmJoinArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("kubeadm-join"),
      name,
      args,
      { ...opts, ...OLD_ONE_FIRST, additionalSecretOutputs: ["node", "controlPlane"] },
      "kubeadm",
      "Join",
    );
  }
}
