import { difference, type Driver } from "../../driver";
import { type MachineOutputs, machineId } from "./machine";
import { bootId, isRunning, startMachine, waitUntilReady } from "./process";

/** Of a machine: which one it is, and how it is tried. */
export type PowerInputs = Pick<
  MachineOutputs,
  "name" | "bridge" | "stateDir" | "incarnation" | "address" | "user" | "hostKeyPublic" | "clientKey"
>;

export interface PowerOutputs extends PowerInputs {
  /** False when the last check found the machine switched off; the next `up` starts it. */
  running: boolean;
  /** This workstation's boot in which the machine was last started. A later one means that it is switched off. */
  bootId: string;
}

/**
 * Whether a machine runs. It is a resource of its own because it changes by itself: were it the machine's, a preview that is
 * going to start the machine would not know which machine that is, and would plan to redo everything on it.
 */
export const powerDriver: Driver<PowerInputs, PowerOutputs> = {
  diff(_id, recorded, wanted) {
    // The key changes together with the machine's own.
    const found = difference(recorded, wanted, { ignore: ["clientKey"] });
    const stopped = !recorded.running || recorded.bootId !== (bootId() ?? recorded.bootId);
    return { ...found, changes: found.changes || stopped };
  },

  create: async (inputs) => ({ id: inputs.name, outputs: await started(inputs) }),

  async read(id, recorded) {
    const { name, bridge, stateDir, incarnation, address, user, hostKeyPublic, clientKey } = recorded;
    const inputs = { name, bridge, stateDir, incarnation, address, user, hostKeyPublic, clientKey };
    return { id, inputs, outputs: { ...recorded, running: await isRunning(machineId(recorded)) } };
  },

  update: async (_id, _recorded, wanted) => started(wanted),

  async delete() {
    // The machine is switched off when it is deleted.
  },
};

async function started(inputs: PowerInputs): Promise<PowerOutputs> {
  if (!(await isRunning(machineId(inputs)))) {
    await startMachine(machineId(inputs));
    await waitUntilReady(inputs);
  }
  return { ...inputs, running: true, bootId: bootId() ?? "" };
}
