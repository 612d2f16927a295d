import { totalmem } from "node:os";
import { isUnknown, type CheckFailure } from "../../driver";
import { bytesOf, inGigabytes, type MachineInputs, networkNameProblem, removeCommand } from "./machine";
import { userDataProblems } from "./user-data";

/** The least that Multipass takes, in bytes. */
const LEAST = { memory: 128 * 1024 ** 2, disk: 512 * 1024 ** 2 } as const;

/** What is wrong with the inputs by themselves. What is not known yet is passed over. */
export function problems(inputs: MachineInputs): CheckFailure[] {
  const found: CheckFailure[] = [];
  const check = (property: keyof MachineInputs, why: () => string | undefined) => {
    const reason = isUnknown(inputs[property]) ? undefined : why();
    if (reason) found.push({ property, reason });
  };
  check("name", () => nameProblem(inputs.name));
  check("cpus", () =>
    Number.isInteger(inputs.cpus) && inputs.cpus >= 1 ? undefined : `${inputs.cpus} is no number of CPUs`,
  );
  check("memory", () => sizeProblem(inputs.memory, LEAST.memory));
  check("disk", () => sizeProblem(inputs.disk, LEAST.disk));
  check("networks", () => {
    const odd = inputs.networks.find(({ name }) => networkNameProblem(name));
    return odd && `'${odd.name}' ${networkNameProblem(odd.name)}`;
  });
  check("cloudInit", () => userDataProblems(inputs.cloudInit, inputs.user).join("; ") || undefined);
  return found;
}

function nameProblem(name: string): string | undefined {
  if (/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return undefined;
  return `'${name}' is no name for a VM: a letter first, then letters (a-z), digits and hyphens, at most 63 characters`;
}

function sizeProblem(size: string, least: number): string | undefined {
  const bytes = bytesOf(size);
  if (bytes === undefined) return `'${size}' is no size: bytes, or a number with K, M or G, such as 4G`;
  return bytes < least
    ? `${size} is too little: Multipass makes no VM with less than ${least / 1024 ** 2}M`
    : undefined;
}

/** Refuses a VM that this workstation can't hold, before the image is downloaded. Whether all VMs fit, Multipass alone knows. */
export function refuseTooBig(inputs: Pick<MachineInputs, "name" | "memory">): void {
  const wanted = bytesOf(inputs.memory) ?? 0;
  if (wanted <= totalmem()) return;
  throw new Error(
    `${inputs.name}: the VM is to have ${inputs.memory} of memory, and this workstation has ${inGigabytes(totalmem())} in all. ` +
      "Set less 'memory' for the machine; a low-resource cluster is one machine with 2G",
  );
}

/** The message for a disk that is to become smaller, or undefined where it isn't. */
export function shrinking(recorded: Pick<MachineInputs, "name" | "disk">, wanted: string): string | undefined {
  const [before, after] = [bytesOf(recorded.disk), bytesOf(wanted)];
  if (before === undefined || after === undefined || after >= before) return undefined;
  return (
    `${recorded.name}: the VM's disk has ${recorded.disk} and can't be made smaller (${wanted}): Multipass only grows disks. ` +
    `Set 'disk' to ${recorded.disk} or more; or, to recreate the VM with the loss of all that is on it: ` +
    `\`${removeCommand(recorded.name)}\`, then \`pulumi up --refresh\``
  );
}

const YIELD = "give this machine another name, or, only if that VM is not needed any more,";

/** A VM of the name is there, and it is not of this stack. */
export function foreign(name: string): Error {
  return new Error(
    `${name}: Multipass has a VM of this name already, made by hand, or by a stack whose state was lost (its SSH host ` +
      `key is not this machine's). It was left alone: ${YIELD} remove it with \`${removeCommand(name)}\`; then run the same command again`,
  );
}

/** A VM of the name was deleted, and still holds the name. */
export function foreignDeleted(name: string): Error {
  return new Error(
    `${name}: Multipass still has a deleted VM of this name, which can be recovered. It was left alone: ${YIELD} remove it for ` +
      `good with \`${removeCommand(name)}\`; then run the same command again`,
  );
}

/** A VM of the name is there, and whose it is can't be seen. */
export function unidentified(name: string, why: string): Error {
  return new Error(
    `${name}: Multipass has a VM of this name already, and whose it is can't be seen (${why}). If it is of an earlier, ` +
      `interrupted run of this stack, start it with \`multipass start ${name}\`; else ${YIELD} remove it with \`${removeCommand(name)}\`. ` +
      "Then run the same command again",
  );
}

/** Multipass gives it no address (https://github.com/canonical/multipass/issues/1333). */
export function unreachableVm(name: string): Error {
  return new Error(
    `${name}: Multipass makes its VMs with VirtualBox here (\`multipass get local.driver\`), which gives them no address that this ` +
      "workstation reaches. No VM was made. On macOS: `multipass set local.driver=qemu`, then run the same command again; on Linux the " +
      "driver qemu does, or the lab (`make up STACK=lab`)",
  );
}
