import { findVm, type Vm } from "./client";
import type { MachineOutputs } from "./machine";
import { ownerOf } from "./record";

type Which = Pick<MachineOutputs, "name" | "incarnation" | "hostKeyPublic">;

/** @throws Error where the VM that the stack made is gone, or another one has its name */
export async function ownVm(recorded: Which): Promise<Vm> {
  const vm = await findVm(recorded.name);
  if (vm && vm.state !== "Deleted" && !(await isAnother(vm, recorded))) return vm;
  throw new Error(
    `${recorded.name}: the VM that this stack made is gone. Run \`pulumi up --refresh\`: it finds that, and makes the VM anew`,
  );
}

/**
 * True where a running VM is seen not to be the recorded one. Where it can't be seen (switched off, deleted, broken), the
 * record holds: Multipass gives a name to one VM at a time, and to look, the VM would have to be started.
 */
export async function isAnother(vm: Vm, recorded: Which): Promise<boolean> {
  if (vm.state !== "Running") return false;
  const owner = await ownerOf(recorded.name, recorded.hostKeyPublic);
  if (owner.is === "unknown") return false;
  return owner.is === "foreign" || (owner.record !== undefined && owner.record.incarnation !== recorded.incarnation);
}
