import { quote } from "../../host/shell/quote";
import { controlPlaneReplaced } from "../../control-plane-replaced";
import { difference, type Driver, PartiallyCreated } from "../../driver";
import { ensureBaseImage, imageKey } from "./base-image";
import { authorizedKeyScript } from "./files";
import { LOCK_LIMIT, lockScript, machineDir, type MachineId, TREE } from "./layout";
import { type MachineInputs, type MachineOutputs, machineId } from "./machine";
import { startMachine, stopMachine, waitUntilReady } from "./process";
import { type MachineRecord, readRecords, refuseTaken } from "./record";
import { asRoot } from "./root";
import { FILES_LIMIT, removeTree, writeTree } from "./tree";

/** The inputs that can be changed without recreating the machine. */
const IN_PLACE = new Set(["authorizedKey", "clientKey", "hostKeyPrivate"]);
const INPUTS = [
  ...(["name", "address", "prefixLength", "gateway", "bridge", "image", "stateDir", "user"] as const),
  ...(["authorizedKey", "hostKeyPublic", "hostKeyPrivate", "clientKey", "aptSources"] as const),
];

/** Machines in systemd-nspawn on this workstation: systemd, sshd and a network address of their own, the kernel shared. */
export const machineDriver: Driver<MachineInputs, MachineOutputs> = {
  check(inputs, recorded) {
    const failures =
      recorded && inputs.controlPlane ? controlPlaneReplaced(inputs.name, replacedBy(recorded, inputs)) : [];
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(inputs.name)) {
      failures.push({ property: "name", reason: `'${inputs.name}' is not an RFC 1123 label (a-z, 0-9, '-')` });
    }
    return { inputs, failures };
  },

  diff(_id, recorded, wanted) {
    return difference(recorded, wanted, {
      replaceOn: INPUTS.filter((name) => !IN_PLACE.has(name)),
      // The private keys change together with the public parts, which are compared.
      ignore: ["clientKey", "hostKeyPrivate", "controlPlane"],
      // The new machine needs the old one's name and address.
      deleteBeforeReplace: true,
    });
  },

  async create(inputs) {
    const image = await ensureBaseImage(inputs.stateDir, inputs.image);
    await asRoot(`looking for leftovers of ${inputs.name}`, lockScript(inputs), LOCK_LIMIT);
    const records = await readRecords(inputs.stateDir);
    const left = records.find((record) => record.name === inputs.name && record.bridge === inputs.bridge);
    await refuseTaken(inputs, records, left);
    const record = left && isWhole(left, inputs) ? left : await writeTree(inputs, image, left);
    const outputs: MachineOutputs = { ...inputs, incarnation: record.incarnation };
    const id = `${inputs.name}-${record.incarnation}`;
    try {
      await bringUp(outputs);
    } catch (error) {
      // The tree exists: the next `up` starts from it.
      throw new PartiallyCreated((error as Error).message, id, outputs);
    }
    return { id, outputs };
  },

  async read(id, recorded) {
    const machine = machineId(recorded);
    const script = `[ -d ${quote(`${machineDir(machine)}/${TREE}`)} ] || echo gone`;
    const state = await asRoot(`checking the machine ${recorded.name}`, script, FILES_LIMIT);
    if (state === "gone" || !(await isRecorded(machine))) return undefined;
    const inputs = Object.fromEntries(
      INPUTS.filter((name) => recorded[name] !== undefined).map((name) => [name, recorded[name]]),
    ) as unknown as MachineInputs;
    return { id, inputs, outputs: recorded };
  },

  async update(_id, recorded, wanted) {
    const outputs = { ...recorded, ...wanted };
    const tree = `${machineDir(machineId(recorded))}/${TREE}`;
    await asRoot(`setting the key of ${wanted.name}`, authorizedKeyScript(tree, wanted), FILES_LIMIT);
    await bringUp(outputs);
    return outputs;
  },

  async delete(_id, recorded) {
    const machine = machineId(recorded);
    const records = await readRecords(recorded.stateDir);
    if (!records.some((record) => record.incarnation === recorded.incarnation)) return;
    await stopMachine(machine);
    await removeTree(machine);
  },
};

function replacedBy(recorded: MachineInputs, wanted: MachineInputs): string[] {
  return machineDriver.diff(wanted.name, { ...recorded, incarnation: "" }, wanted).replaces;
}

async function bringUp(machine: MachineOutputs): Promise<void> {
  await startMachine(machineId(machine));
  await waitUntilReady(machine);
}

/** True where an interrupted run got as far as a whole tree of the same image. */
function isWhole(record: MachineRecord, inputs: MachineInputs): boolean {
  return record.stage === "written" && record.imageKey === imageKey(inputs.image) && record.address === inputs.address;
}

async function isRecorded(machine: MachineId): Promise<boolean> {
  return (await readRecords(machine.stateDir)).some((record) => record.incarnation === machine.incarnation);
}
