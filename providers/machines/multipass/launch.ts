import { poll } from "../../poll";
import { deleteVm, findVm, launchVm, virtualization, type Vm } from "./client";
import { MultipassError } from "./errors";
import type { MachineInputs } from "./machine";
import { isOff, waitUntilRunning } from "./ready";
import { fingerprintOf, newRecord, type Owner, ownerOf, type VmRecord } from "./record";
import { foreign, foreignDeleted, shrinking, unidentified, unreachableVm } from "./refusals";
import { userData } from "./user-data";

/** How long a VM that another run is preparing may take to appear, and a booting one to be inspected. */
const PATIENCE = { limitSeconds: 10, everySeconds: 1 };

export interface Launched {
  record: VmRecord;
  /** Why the launch failed where the VM exists nevertheless: it may just be slow. */
  failure?: MultipassError;
}

/** Launches the VM, or adopts the one that an interrupted run of ours left behind. Refuses any other. */
export async function launchOrAdopt(inputs: MachineInputs): Promise<Launched> {
  const vm = await findVm(inputs.name);
  return vm ? adopt(vm, inputs) : launch(inputs);
}

async function launch(inputs: MachineInputs): Promise<Launched> {
  if ((await virtualization()) === "virtualbox") throw unreachableVm(inputs.name);
  const record = newRecord(inputs);
  try {
    await launchVm(inputs, userData(inputs, record));
    return { record };
  } catch (error) {
    if (!(error instanceof MultipassError) || (error.kind !== "failed" && error.kind !== "timeout")) throw error;
    // A run that was killed can leave a launch behind that goes on in Multipass' service.
    if (/already exists|being prepared/.test(error.stderr)) return adopt(await appeared(inputs.name, error), inputs);
    // The name was free before: what is there is ours (https://github.com/canonical/multipass/issues/3314).
    if (await findVm(inputs.name)) return { record, failure: error };
    throw error;
  }
}

async function appeared(name: string, error: Error): Promise<Vm> {
  const vm = await poll(() => findVm(name), PATIENCE);
  if (!vm) throw error;
  return vm;
}

async function adopt(found: Vm, inputs: MachineInputs): Promise<Launched> {
  const { name } = inputs;
  if (found.state === "Deleted") throw foreignDeleted(name);
  // It is not started only to be inspected: it may be off for a reason.
  if (isOff(found)) throw unidentified(name, `it is ${found.state}`);
  await waitUntilRunning(name);
  const owner = await settledOwner(inputs);
  if (owner.is === "foreign") throw foreign(name);
  if (owner.is === "unknown") throw unidentified(name, owner.why);
  const { record } = owner;
  if (!record) return { record: newRecord(inputs) };
  if (record.made === fingerprintOf(inputs) && !shrinking({ name, disk: record.disk }, inputs.disk)) return { record };
  // Ours, never finished, and meanwhile changed in the settings.
  await deleteVm(name);
  return launch(inputs);
}

/** Whose a VM is; one that has just booted may not answer at once. */
async function settledOwner(inputs: MachineInputs): Promise<Owner> {
  const ask = () => ownerOf(inputs.name, inputs.hostKeyPublic);
  const known = async () => {
    const owner = await ask();
    return owner.is === "unknown" ? undefined : owner;
  };
  return (await poll(known, PATIENCE)) ?? ask();
}
