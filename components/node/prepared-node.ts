import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../providers/machines/machine";
import type { Drift } from "../remote/drift";
import { RemoteStep } from "../remote/remote-step";
import type { HostStep } from "./steps";

interface PreparedNodeArgs {
  machine: Machine;
  steps: readonly HostStep[];
  /** What the inspection found of a step on this host. */
  drift: (step: string) => pulumi.Output<Drift>;
}

/** A host with everything that kubeadm needs. Its steps run one after the other, each as a resource of its own. */
export class PreparedNode extends pulumi.ComponentResource {
  readonly machine: Machine;

  constructor(name: string, args: PreparedNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:node:PreparedNode", name, {}, opts);
    this.machine = args.machine;
    let before: pulumi.Resource[] = [];
    for (const step of args.steps) {
      const resource = new RemoteStep(
        `${name}-${step.name}`,
        {
          step: step.name,
          host: args.machine,
          commands: step.commands,
          standalone: step.standalone,
          expected: step.expected,
          drift: args.drift(step.name),
          environment: step.environment,
        },
        { parent: this, dependsOn: before },
      );
      before = [resource];
    }
    this.registerOutputs();
  }
}
