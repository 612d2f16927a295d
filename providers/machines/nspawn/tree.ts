import { randomBytes } from "node:crypto";
import path from "node:path";
import { quote } from "../../host/shell/quote";
import { parseHostKey } from "../../host/ssh/host-key";
import { imageKey } from "./base-image";
import { writeFilesScript } from "./files";
import { lockScript, machineDir, type MachineId, TREE } from "./layout";
import { type MachineInputs, machineId } from "./machine";
import { hostFeatures, stopMachine } from "./process";
import { type MachineRecord, writeRecordScript } from "./record";
import { asRoot } from "./root";

/** For what is done with files alone. In seconds. */
export const FILES_LIMIT = 300;

/** Recreates the tree; what an interrupted run left of it (`left`) goes first. */
export async function writeTree(
  inputs: MachineInputs,
  image: string,
  left: MachineRecord | undefined,
): Promise<MachineRecord> {
  if (left) {
    const machine = machineId({ ...inputs, incarnation: left.incarnation });
    await stopMachine(machine);
    await removeTree(machine);
  }
  const record: MachineRecord = {
    name: inputs.name,
    address: inputs.address,
    bridge: inputs.bridge,
    incarnation: randomBytes(4).toString("hex"),
    machineId: randomBytes(16).toString("hex"),
    imageKey: imageKey(inputs.image),
    hostKeyPublic: inputs.hostKeyPublic,
    stage: "claimed",
  };
  const dir = machineDir(inputs);
  const tree = `${dir}/${TREE}`;
  const identity = {
    ...inputs,
    machineId: record.machineId,
    cgroupVersion: hostFeatures().cgroup.version,
    aptSources: inputs.aptSources ?? [],
  };
  // Other users must not run what is in a tree. `stateDir` may be a folder of the user's own, where `machines` is theirs.
  const script = `mkdir -p -m 700 ${quote(inputs.stateDir)}/machines
mkdir -p -m 700 ${quote(path.dirname(dir))}
mkdir -p -m 700 ${quote(dir)}
${lockScript(inputs)}
${writeRecordScript(inputs.stateDir, record)}
mkdir ${quote(tree)}
tar --extract --numeric-owner --xattrs --xattrs-include='*' --file=${quote(image)} --directory=${quote(tree)} --exclude=./dev/*
${writeFilesScript(tree, identity)}
${writeRecordScript(inputs.stateDir, { ...record, stage: "written" })}`;
  parseHostKey(inputs.hostKeyPublic);
  await asRoot(`making the tree of the machine ${inputs.name}`, script, FILES_LIMIT);
  return { ...record, stage: "written" };
}

export async function removeTree(machine: MachineId): Promise<void> {
  const dir = machineDir(machine);
  const siblings = quote(`${machine.stateDir}/machines/${machine.bridge}`);
  // Machines are removed side by side: another one's removal may be the one that takes the empty folder away.
  const script = `${lockScript(machine)}
rm -rf --one-file-system ${quote(dir)}
rmdir --ignore-fail-on-non-empty ${siblings} 2>/dev/null || [ ! -e ${siblings} ]`;
  await asRoot(`removing the machine ${machine.name}`, script, FILES_LIMIT);
}
