import * as pulumi from "@pulumi/pulumi";
import { driverResource } from "../../driver-resource";
import type { AcceptableName } from "../preflight/finding-names";
import type { SshTarget } from "../ssh/target";
import type { StepDrift } from "./compare";
import type { HostFacts } from "./host-facts";

interface HostInspectionArgs {
  /** How the host is reached. Secret, because the private key is in it. */
  target: pulumi.Input<SshTarget>;
  /** Changes when the host is replaced. */
  incarnation: pulumi.Input<string>;
  /** The steps that the host gets. */
  steps: string[];
  /** What the inventory declares of the host: one that is otherwise is refused. */
  sharedKernel?: boolean;
  /** Findings that are only a warning. */
  accepted?: AcceptableName[];
}

/** The status of a host: its facts, and the drift of its steps, as of the last `refresh`. */
export class HostInspection extends driverResource<
  HostInspectionArgs,
  { facts: HostFacts; drifts: Record<string, StepDrift> }
>("host-inspection", "host:Inspection", { outputs: ["facts", "drifts", "raisedFor"], secrets: ["target"] }) {
  /** What was found of a step so far. */
  drift(step: string): pulumi.Output<StepDrift> {
    // There are none where `--target` leaves the inspection out.
    return this.drifts.apply((drifts?: Record<string, StepDrift>) => drifts?.[step] ?? { generation: 0, reason: "" });
  }
}
