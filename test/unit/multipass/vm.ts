import type { ConditionInputs, ConditionOutputs } from "../../../providers/machines/multipass/condition-driver";
import { type MachineInputs, type MachineOutputs, sizesOf } from "../../../providers/machines/multipass/machine";
import { newRecord } from "../../../providers/machines/multipass/record";
import { clientKeys, hostKeys, USER } from "../ssh/in-process-server";
import type { FakeVm } from "./fake-multipass";

/** A VM whose keys are those of the SSH server of the tests. */
export const inputs: MachineInputs = {
  name: "cp1",
  image: "24.04",
  cpus: 2,
  memory: "1G",
  disk: "20G",
  networks: [],
  cloudInit: {},
  user: USER,
  authorizedKey: clientKeys.public.trim(),
  hostKeyPublic: hostKeys.public.trim(),
  hostKeyPrivate: hostKeys.private,
  clientKey: clientKeys.private,
};

/** As the state has it when all is well. */
export const recorded: MachineOutputs = {
  ...inputs,
  incarnation: "0a1b2c3d",
  address: "127.0.0.1",
  deleted: false,
};

export const conditionInputs: ConditionInputs = {
  ...sizesOf(inputs),
  name: inputs.name,
  incarnation: recorded.incarnation,
  address: recorded.address,
  user: inputs.user,
  hostKeyPublic: inputs.hostKeyPublic,
  clientKey: inputs.clientKey,
  launched: sizesOf(inputs),
};

/** As the state has it when all is well. */
export const condition: ConditionOutputs = { ...conditionInputs, currentAddress: "127.0.0.1", state: "Running" };

export const ID = "cp1-0a1b2c3d";

/** The VM of `recorded` as Multipass has it, launched with these inputs. */
export function vmOf(launched: MachineInputs = inputs): Partial<FakeVm> {
  const record = { ...newRecord(launched), incarnation: recorded.incarnation };
  return { cpus: launched.cpus, hostKey: launched.hostKeyPublic, record: JSON.stringify(record) };
}
