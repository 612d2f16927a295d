import { controlPlaneReplaced } from "../../control-plane-replaced";
import { difference, type Driver, PartiallyCreated } from "../../driver";
import { answeringAddress, located, waitUntilReady, waitUntilRunning } from "./ready";
import { inTurn, setAuthorizedKey } from "./change";
import { deleteVm, findVm } from "./client";
import { launchOrAdopt } from "./launch";
import { INPUTS, type MachineInputs, type MachineOutputs, REPLACING, removeCommand, sizesOf } from "./machine";
import { isAnother, ownVm } from "./record";
import { problems, refuseTooBig } from "./refusals";

/** Virtual machines of Multipass on this workstation: which ones they are. What changes with time is their condition. */
export const multipassDriver: Driver<MachineInputs, MachineOutputs> = {
  check(inputs, recorded) {
    const replaces =
      recorded && inputs.controlPlane ? difference(recorded, inputs, { replaceOn: [...REPLACING] }).replaces : [];
    return { inputs, failures: [...problems(inputs), ...controlPlaneReplaced(inputs.name, replaces)] };
  },

  diff(_id, recorded, wanted) {
    const found = difference(recorded, wanted, {
      replaceOn: [...REPLACING],
      // Sizes are the condition's. The private keys change together with the public parts, which are compared.
      ignore: ["cpus", "memory", "disk", "clientKey", "hostKeyPrivate", "controlPlane"],
      // The new VM needs the old one's name.
      deleteBeforeReplace: true,
    });
    const replaces = recorded.deleted ? [...new Set(["name", ...found.replaces])] : found.replaces;
    const unfinished = recorded.address === "";
    return { ...found, replaces, changes: found.changes || replaces.length > 0 || unfinished };
  },

  async create(inputs) {
    refuseTooBig(inputs);
    const { record, failure } = await inTurn(() => launchOrAdopt(inputs));
    const { incarnation } = record;
    const outputs = { ...inputs, ...sizesOf(record), incarnation, address: "", deleted: false };
    const id = `${inputs.name}-${incarnation}`;
    try {
      return { id, outputs: await finished(outputs, inputs) };
    } catch (error) {
      const why = [failure?.message, (error as Error).message].filter((text) => text !== undefined).join("\n");
      // The VM exists: the next `up` goes on with it.
      throw new PartiallyCreated(why, id, outputs);
    }
  },

  async read(id, recorded) {
    const vm = await findVm(recorded.name);
    if (!vm || (await isAnother(vm, recorded))) return undefined;
    const outputs = { ...recorded, deleted: vm.state === "Deleted" };
    const inputs = Object.fromEntries(
      INPUTS.filter((name) => outputs[name] !== undefined).map((name) => [name, outputs[name]]),
    ) as unknown as MachineInputs;
    return { id, inputs, outputs };
  },

  async update(_id, recorded, wanted) {
    const vm = await ownVm(recorded);
    located(recorded, vm);
    return finished(recorded, wanted);
  },

  async delete(_id, recorded) {
    const vm = await findVm(recorded.name);
    if (!vm) return;
    if (await isAnother(vm, recorded)) {
      process.stderr.write(
        `${recorded.name}: the VM of this name is not the one that this stack made (another SSH host key), and was left alone; ` +
          `if it is not needed any more: ${removeCommand(recorded.name)}\n`,
      );
      return;
    }
    await deleteVm(recorded.name);
  },
};

/** Waits until a VM that exists has booted, and lets the wanted key log in. */
async function finished(recorded: MachineOutputs, wanted: MachineInputs): Promise<MachineOutputs> {
  const vm = await waitUntilRunning(recorded.name);
  located(recorded, vm);
  if (recorded.authorizedKey !== wanted.authorizedKey) await setAuthorizedKey(wanted);
  const address = await answeringAddress(wanted, recorded.address, vm);
  await waitUntilReady(wanted, address);
  return { ...recorded, ...wanted, ...sizesOf(recorded), address: recorded.address || address, deleted: false };
}
