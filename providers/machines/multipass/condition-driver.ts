import { difference, type Driver, PartiallyCreated } from "../../driver";
import { addressOf, answeringAddress, hasMoved, located, waitUntilReady, waitUntilRunning } from "./ready";
import { inTurn, resizeVm, resizing } from "./change";
import { findVm, withOwnAddresses } from "./client";
import { bytesOf, type MachineOutputs, type Sizes, sizesOf } from "./machine";
import { ownVm } from "./record";
import { refuseTooBig, shrinking } from "./refusals";

/** Of a VM: which one it is and how it is tried, and the sizes that it is to have. */
export interface ConditionInputs
  extends Sizes, Pick<MachineOutputs, "name" | "incarnation" | "address" | "user" | "hostKeyPublic" | "clientKey"> {
  /** The sizes with which this VM was launched: from them a new VM is resized. */
  launched: Sizes;
}

/** The sizes are those that the VM has. */
export interface ConditionOutputs extends ConditionInputs {
  /** The address at the last check. Another one than `address`: DHCP gave the VM a new one. */
  currentAddress: string;
  /** As Multipass calls it at the last check: Running, Stopped, Deleted and others. */
  state: string;
}

/**
 * Whether a VM runs, how big it is, and where it is reached. It is a resource of its own because all this changes while the VM
 * stays the same one: were it the machine's, a preview that is going to start or resize the VM would not know which machine
 * that is, and would plan to redo everything on it.
 */
export const conditionDriver: Driver<ConditionInputs, ConditionOutputs> = {
  diff(_id, recorded, wanted) {
    const found = difference(recorded, inRecordedWords(recorded, wanted), {
      // The key changes together with the machine's own; what a VM was launched with, together with its incarnation.
      ignore: ["clientKey", "launched"],
    });
    const tooSmall = recorded.incarnation === wanted.incarnation && shrinking(recorded, wanted.disk);
    if (tooSmall) throw new Error(tooSmall);
    const unsettled = recorded.state !== "Running" || hasMoved(recorded.address, recorded.currentAddress);
    return { ...found, changes: found.changes || unsettled };
  },

  async create(inputs) {
    const outputs = { ...inputs, ...inputs.launched, currentAddress: inputs.address, state: "Unknown" };
    try {
      return { id: inputs.name, outputs: await settled(inputs.launched, inputs) };
    } catch (error) {
      // The VM may be half way to its sizes: the next `up` goes on with it.
      throw new PartiallyCreated((error as Error).message, inputs.name, outputs);
    }
  },

  async read(id, recorded) {
    const found = await findVm(recorded.name);
    if (!found) return undefined;
    const vm = await withOwnAddresses(recorded.name, found);
    const currentAddress = addressOf(vm, recorded.address) ?? recorded.currentAddress;
    const outputs = { ...recorded, cpus: vm.cpus ?? recorded.cpus, currentAddress, state: vm.state };
    const { name, incarnation, address, user, hostKeyPublic, clientKey, launched } = recorded;
    const inputs = { name, incarnation, address, user, hostKeyPublic, clientKey, launched, ...sizesOf(outputs) };
    return { id, inputs, outputs };
  },

  update: async (_id, recorded, wanted) => settled(sizesNow(recorded, wanted), wanted),

  async delete() {
    // The VM goes when the machine is deleted.
  },
};

/** Brings a VM to the wanted sizes and starts it where it is off, and waits until it has booted. */
async function settled(from: Sizes, wanted: ConditionInputs): Promise<ConditionOutputs> {
  const vm = await ownVm(wanted);
  located(wanted, vm);
  const tooSmall = shrinking({ name: wanted.name, disk: from.disk }, wanted.disk);
  if (tooSmall) throw new Error(tooSmall);
  if (resizing(from, wanted).length === 0) return started(wanted);
  refuseTooBig(wanted);
  return inTurn(async () => {
    await resizeVm(wanted.name, from, wanted);
    return started(wanted);
  });
}

async function started(wanted: ConditionInputs): Promise<ConditionOutputs> {
  const vm = await waitUntilRunning(wanted.name);
  const currentAddress = await answeringAddress(wanted, wanted.address, vm);
  await waitUntilReady(wanted, currentAddress);
  return { ...wanted, currentAddress, state: vm.state };
}

/** The sizes that the VM has: those of the record, unless it was recreated since. */
function sizesNow(recorded: ConditionOutputs, wanted: ConditionInputs): Sizes {
  return recorded.incarnation === wanted.incarnation ? sizesOf(recorded) : wanted.launched;
}

/** The wanted inputs, with a size that is only written otherwise ("4096M" for "4G") as it is recorded. */
function inRecordedWords(recorded: ConditionOutputs, wanted: ConditionInputs): ConditionInputs {
  const same = (size: "memory" | "disk") => {
    const bytes = bytesOf(wanted[size]);
    return bytes !== undefined && bytes === bytesOf(recorded[size]) ? recorded[size] : wanted[size];
  };
  return { ...wanted, memory: same("memory"), disk: same("disk") };
}
