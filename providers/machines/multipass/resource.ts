import * as pulumi from "@pulumi/pulumi";
import { driverProvider, OLD_ONE_FIRST } from "../../driver-provider";
import type { ConditionInputs } from "./condition-driver";
import type { MachineInputs } from "./machine";

/** Fields as in `MachineInputs`. */
export type MultipassMachineArgs = { [Key in keyof MachineInputs]: pulumi.Input<MachineInputs[Key]> };

/** A virtual machine of Multipass on this computer. */
export class MultipassMachine extends pulumi.dynamic.Resource {
  /** Random; changes exactly when the VM is made anew. */
  declare readonly incarnation: pulumi.Output<string>;
  /** IPv4 that DHCP gave the VM when it was made. */
  declare readonly address: pulumi.Output<string>;
  /** The sizes that the VM was launched with. */
  declare readonly cpus: pulumi.Output<number>;
  declare readonly memory: pulumi.Output<string>;
  declare readonly disk: pulumi.Output<string>;

  constructor(name: string, args: MultipassMachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("multipass-machine"),
      name,
      { ...args, incarnation: undefined, address: undefined, deleted: undefined },
      { ...opts, ...OLD_ONE_FIRST, additionalSecretOutputs: ["hostKeyPrivate", "clientKey"] },
      "multipass",
      "Machine",
    );
  }
}

/** Fields as in `ConditionInputs`. */
export type MultipassConditionArgs = { [Key in keyof ConditionInputs]: pulumi.Input<ConditionInputs[Key]> };

/** That a VM runs with the wanted sizes at its address. An `up` that finds another address stops, and says what to do. */
export class MultipassCondition extends pulumi.dynamic.Resource {
  constructor(name: string, args: MultipassConditionArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("multipass-condition"),
      name,
      { ...args, currentAddress: undefined, state: undefined },
      { ...opts, additionalSecretOutputs: ["clientKey"] },
      "multipass",
      "Condition",
    );
  }
}
