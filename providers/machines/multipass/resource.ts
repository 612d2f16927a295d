import { type Args, driverResource } from "../../driver-resource";
import type { ConditionInputs } from "./condition-driver";
import type { MachineInputs, MachineOutputs } from "./machine";

/** A virtual machine of Multipass on this workstation. */
export class MultipassMachine extends driverResource<Args<MachineInputs>, MachineOutputs>(
  "multipass-machine",
  "multipass:Machine",
  {
    outputs: ["incarnation", "address", "deleted"],
    secrets: ["hostKeyPrivate", "clientKey"],
    deleteBeforeReplace: true,
  },
) {}

/** That a VM runs with the wanted sizes at its address. An `up` that finds another address stops, and says what to do. */
export class MultipassCondition extends driverResource<Args<ConditionInputs>>(
  "multipass-condition",
  "multipass:Condition",
  {
    outputs: ["currentAddress", "state"],
    secrets: ["clientKey"],
  },
) {}
