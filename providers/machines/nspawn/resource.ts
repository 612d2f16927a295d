import * as pulumi from "@pulumi/pulumi";
import { driverProvider, OLD_ONE_FIRST } from "../../driver-provider";
import type { MachineInputs } from "./machine";
import type { PowerInputs } from "./power-driver";

export interface NspawnNetworkArgs {
  /** Name of the bridge, at most 15 characters; no other stack on this computer may use it. */
  bridge: string;
  /** IPv4, as in "10.90.0.0/24". */
  subnet: string;
  /** This computer's address in the subnet: the machines' gateway. */
  address: string;
  /** Where the machines' things are kept on this computer. */
  stateDir: string;
  /** What this stack has and no other: a public key that it made. */
  owner: pulumi.Input<string>;
}

/** A bridge on this computer, to which the machines of one stack are connected. */
export class NspawnNetwork extends pulumi.dynamic.Resource {
  constructor(name: string, args: NspawnNetworkArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("nspawn-network"),
      name,
      { ...args, bootId: undefined },
      { ...opts, ...OLD_ONE_FIRST },
      "nspawn",
      "Network",
    );
  }
}

/** Fields as in `MachineInputs`. */
export type NspawnMachineArgs = { [Key in keyof MachineInputs]: pulumi.Input<MachineInputs[Key]> };

/** A machine in systemd-nspawn on this computer. */
export class NspawnMachine extends pulumi.dynamic.Resource {
  /** Random; changes exactly when the machine is made anew. */
  declare readonly incarnation: pulumi.Output<string>;

  constructor(name: string, args: NspawnMachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("nspawn-machine"),
      name,
      { ...args, incarnation: undefined },
      { ...opts, ...OLD_ONE_FIRST, additionalSecretOutputs: ["hostKeyPrivate", "clientKey"] },
      "nspawn",
      "Machine",
    );
  }
}

/** Fields as in `PowerInputs`. */
export type NspawnPowerArgs = { [Key in keyof PowerInputs]: pulumi.Input<PowerInputs[Key]> };

/** That a machine in systemd-nspawn runs. */
export class NspawnPower extends pulumi.dynamic.Resource {
  constructor(name: string, args: NspawnPowerArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("nspawn-power"),
      name,
      { ...args, running: undefined, bootId: undefined },
      { ...opts, additionalSecretOutputs: ["clientKey"] },
      "nspawn",
      "Power",
    );
  }
}
