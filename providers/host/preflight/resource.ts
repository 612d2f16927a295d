import type * as pulumi from "@pulumi/pulumi";
import { driverResource } from "../../driver-resource";
import type { SshTarget } from "../ssh/target";
import type { Expectations, PreflightHost } from "./hosts";

interface PreflightArgs {
  hosts: pulumi.Input<pulumi.Input<PreflightHost>[]>;
  /** How each host is reached, in the order of `hosts`. Secret, because private keys are in it. */
  targets: pulumi.Input<pulumi.Input<SshTarget>[]>;
  expected: Expectations;
}

/**
 * Inspects all hosts before the first change on any; see the driver. It has no outputs to use: whatever changes hosts
 * depends on it.
 */
export class Preflight extends driverResource<PreflightArgs>("preflight", "host:Preflight", {
  outputs: ["checked", "unchecked"],
  secrets: ["targets"],
}) {}
