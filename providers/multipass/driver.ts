import { difference, type Driver, PartiallyCreated } from "../driver";
import { addressOf, hasMoved, movedMessage } from "./address";
import { resizeVm, resizing, setAuthorizedKey } from "./change";
import { deleteVm, findVm, type Vm } from "./client";
import { launchOrAdopt } from "./launch";
import { INPUTS, type MachineInputs, type MachineOutputs, REPLACING, removeCommand } from "./machine";
import { waitUntilReady, waitUntilRunning } from "./ready";
import { ownerOf } from "./record";
import { problems, refuseTooBig, shrinking } from "./refusals";
import { bytesOf } from "./size";
import { inTurn } from "./turn";

/** Virtual machines of Multipass on this computer. */
export const multipassDriver: Driver<MachineInputs, MachineOutputs> = {
  check: (inputs) => ({ inputs, failures: problems(inputs) }),

  diff(_id, recorded, wanted) {
    const found = difference(recorded, inRecordedWords(recorded, wanted), {
      replaceOn: [...REPLACING],
      // They change together with the public parts, which are compared.
      ignore: ["clientKey", "hostKeyPrivate"],
      // The new VM needs the old one's name.
      deleteBeforeReplace: true,
    });
    const replaces = recorded.state === "Deleted" ? [...new Set(["name", ...found.replaces])] : found.replaces;
    const tooSmall = shrinking(recorded, wanted.disk);
    if (tooSmall && replaces.length === 0) throw new Error(tooSmall);
    const unsettled = recorded.state !== "Running" || recorded.address === "" || hasMoved(recorded);
    return { ...found, replaces, changes: found.changes || unsettled };
  },

  async create(inputs) {
    refuseTooBig(inputs);
    const { record, failure } = await inTurn(() => launchOrAdopt(inputs));
    const { incarnation, cpus, memory, disk } = record;
    const outputs = { ...inputs, incarnation, cpus, memory, disk, address: "", currentAddress: "", state: "Unknown" };
    const id = `${inputs.name}-${incarnation}`;
    try {
      return { id, outputs: await changed(outputs, inputs) };
    } catch (error) {
      const why = [failure?.message, (error as Error).message].filter((text) => text !== undefined).join("\n");
      // The VM exists: the next `up` goes on with it.
      throw new PartiallyCreated(why, id, outputs);
    }
  },

  async read(id, recorded) {
    const vm = await findVm(recorded.name);
    if (!vm || (await isAnother(vm, recorded))) return undefined;
    const currentAddress = addressOf(vm, recorded.address) ?? recorded.currentAddress;
    const outputs = { ...recorded, cpus: vm.cpus ?? recorded.cpus, currentAddress, state: vm.state };
    const inputs = Object.fromEntries(
      INPUTS.filter((name) => outputs[name] !== undefined).map((name) => [name, outputs[name]]),
    ) as unknown as MachineInputs;
    return { id, inputs, outputs };
  },

  async update(_id, recorded, wanted) {
    const vm = await findVm(recorded.name);
    if (!vm || vm.state === "Deleted" || (await isAnother(vm, recorded))) {
      throw new Error(
        `${recorded.name}: the VM that this stack made is gone. Run \`pulumi up --refresh\`: it finds that, and makes the VM anew`,
      );
    }
    return changed(located(recorded, vm), wanted);
  },

  async delete(_id, recorded) {
    const vm = await findVm(recorded.name);
    if (!vm) return;
    if (await isAnother(vm, recorded)) {
      process.stderr.write(
        `${recorded.name}: the VM of this name is not the one that this stack made (another SSH host key), and was left alone; ` +
          `if nobody needs it: ${removeCommand(recorded.name)}\n`,
      );
      return;
    }
    await deleteVm(recorded.name);
  },
};

/** Brings a VM that exists to what is wanted, and waits until it is ready. */
async function changed(recorded: MachineOutputs, wanted: MachineInputs): Promise<MachineOutputs> {
  const tooSmall = shrinking(recorded, wanted.disk);
  if (tooSmall) throw new Error(tooSmall);
  if (resizing(recorded, wanted).length === 0) return broughtUp(recorded, wanted);
  refuseTooBig(wanted);
  return inTurn(async () => {
    await resizeVm(recorded.name, recorded, wanted);
    return broughtUp(recorded, wanted);
  });
}

async function broughtUp(recorded: MachineOutputs, wanted: MachineInputs): Promise<MachineOutputs> {
  const found = located(recorded, await waitUntilRunning(recorded.name));
  const machine = { ...found, ...wanted, address: found.address || found.currentAddress };
  if (recorded.authorizedKey !== wanted.authorizedKey) await setAuthorizedKey(machine);
  await waitUntilReady(machine);
  return machine;
}

/** @throws Error where DHCP gave the VM another address than the cluster was built on */
function located(recorded: MachineOutputs, vm: Vm): MachineOutputs {
  const machine = {
    ...recorded,
    state: vm.state,
    currentAddress: addressOf(vm, recorded.address) ?? recorded.currentAddress,
  };
  if (vm.ipv4.length > 0 && hasMoved(machine)) throw new Error(movedMessage(machine));
  return machine;
}

/**
 * True where a running VM is seen not to be the recorded one. Where it can't be seen (switched off, deleted, broken), the
 * record holds: Multipass gives a name to one VM at a time, and to look, the VM would have to be started.
 */
async function isAnother(vm: Vm, recorded: MachineOutputs): Promise<boolean> {
  if (vm.state !== "Running") return false;
  const owner = await ownerOf(recorded.name, recorded.hostKeyPublic);
  if (owner.is === "unknown") return false;
  return owner.is === "foreign" || (owner.record !== undefined && owner.record.incarnation !== recorded.incarnation);
}

/** The wanted inputs, with a size that is only written otherwise ("4096M" for "4G") as it is recorded. */
function inRecordedWords(recorded: MachineOutputs, wanted: MachineInputs): MachineInputs {
  const same = (size: "memory" | "disk") => {
    const bytes = bytesOf(wanted[size]);
    return bytes !== undefined && bytes === bytesOf(recorded[size]) ? recorded[size] : wanted[size];
  };
  return { ...wanted, memory: same("memory"), disk: same("disk") };
}
