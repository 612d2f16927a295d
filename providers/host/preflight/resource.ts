import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "../../driver-provider";
import type { SshTarget } from "../ssh/target";
import type { Expectations, PreflightHost } from "./hosts";

export interface PreflightArgs {
  hosts: pulumi.Input<pulumi.Input<PreflightHost>[]>;
  /** How each host is reached, in the order of `hosts`. Secret, because private keys are in it. */
  targets: pulumi.Input<pulumi.Input<SshTarget>[]>;
  expected: Expectations;
}

/**
 * The look at all hosts before the first change on any; see the driver. It has no outputs to use: whatever changes hosts
 * depends on it.
 */
export class Preflight extends pulumi.dynamic.Resource {
  constructor(name: string, args: PreflightArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("preflight"),
      name,
      { ...args, checked: undefined, unchecked: undefined },
      { ...opts, additionalSecretOutputs: ["targets"] },
      "host",
      "Preflight",
    );
  }
}
