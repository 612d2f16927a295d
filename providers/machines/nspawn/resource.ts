import { type Args, driverResource } from "../../driver-resource";
import type { MachineInputs, MachineOutputs } from "./machine";
import type { NetworkInputs } from "./bridge";
import type { PowerInputs } from "./power-driver";

/** A bridge on this workstation, to which the machines of one stack are connected. */
export class NspawnNetwork extends driverResource<Args<NetworkInputs>>("nspawn-network", "nspawn:Network", {
  outputs: ["bootId"],
  deleteBeforeReplace: true,
}) {}

/** A machine in systemd-nspawn on this workstation. */
export class NspawnMachine extends driverResource<Args<MachineInputs>, Pick<MachineOutputs, "incarnation">>(
  "nspawn-machine",
  "nspawn:Machine",
  { outputs: ["incarnation"], secrets: ["hostKeyPrivate", "clientKey"], deleteBeforeReplace: true },
) {}

/** That a machine in systemd-nspawn runs. */
export class NspawnPower extends driverResource<Args<PowerInputs>>("nspawn-power", "nspawn:Power", {
  outputs: ["running", "bootId"],
  secrets: ["clientKey"],
}) {}
