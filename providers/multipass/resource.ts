import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "../driver-provider";
import type { MachineInputs } from "./machine";

/** Fields as in `MachineInputs`. */
export type MultipassMachineArgs = { [Key in keyof MachineInputs]: pulumi.Input<MachineInputs[Key]> };

/** A virtual machine of Multipass on this computer. */
export class MultipassMachine extends pulumi.dynamic.Resource {
  /** Random; changes exactly when the VM is made anew. */
  declare readonly incarnation: pulumi.Output<string>;
  /** IPv4 that DHCP gave the VM when it was made. An `up` that finds another one stops, and says what to do. */
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: MultipassMachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("multipass-machine"),
      name,
      { ...args, incarnation: undefined, address: undefined, currentAddress: undefined, state: undefined },
      { ...opts, additionalSecretOutputs: ["hostKeyPrivate", "clientKey"] },
      "multipass",
      "Machine",
    );
  }
}
