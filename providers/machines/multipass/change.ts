import { quote } from "../../host/shell/quote";
import { findVm, runInVm, setVm, startVm, stopVm } from "./client";
import { MultipassError } from "./errors";
import { bytesOf, type MachineInputs, type Sizes } from "./machine";
import { isOff } from "./ready";

/** The settings of Multipass that take a VM from one size to another, in the order in which they are set. */
export function resizing(from: Sizes, to: Sizes): { property: keyof Sizes; value: string }[] {
  const changes: { property: keyof Sizes; value: string }[] = [];
  if (from.cpus !== to.cpus) changes.push({ property: "cpus", value: String(to.cpus) });
  for (const property of ["memory", "disk"] as const) {
    if (bytesOf(from[property]) !== bytesOf(to[property])) changes.push({ property, value: to[property] });
  }
  return changes;
}

/** Stops a VM, changes its size, and starts it again, also where a change failed. */
export async function resizeVm(name: string, from: Sizes, to: Sizes): Promise<void> {
  const vm = await findVm(name);
  if (vm && !isOff(vm)) await stopVm(name);
  try {
    for (const { property, value } of resizing(from, to)) await setVm(name, property, value);
  } finally {
    await startVm(name);
  }
}

/** A script that lets one key, and no other, log in as the VM's user. */
export function authorizedKeyScript(machine: Pick<MachineInputs, "name" | "user" | "authorizedKey">): string {
  const user = quote(machine.user);
  return `set -euo pipefail
main() {
home=$(getent passwd ${user} | cut -d: -f6)
install -d -m 700 -o ${user} -g ${user} "$home/.ssh"
printf '%s\\n' ${quote(machine.authorizedKey.trim())} >"$home/.ssh/authorized_keys.part"
chown ${user}: "$home/.ssh/authorized_keys.part"
chmod 600 "$home/.ssh/authorized_keys.part"
mv "$home/.ssh/authorized_keys.part" "$home/.ssh/authorized_keys"
}
main </dev/null
`;
}

/** Sets the key by Multipass' own way into the VM, since the old key may be lost. Nothing of the script is secret. */
export async function setAuthorizedKey(machine: MachineInputs): Promise<void> {
  const result = await runInVm(machine.name, ["sudo", "bash", "-c", authorizedKeyScript(machine)]);
  if (result.exitCode !== 0) throw new MultipassError("failed", machine.name, "setting the login key", result.stderr);
}

let last: Promise<unknown> = Promise.resolve();

/**
 * One VM after the other. Pulumi makes all VMs at the same time, and many launches at once have brought Multipass' service down
 * (https://github.com/canonical/multipass/issues/3336), or made the first launches of an image fail
 * (https://github.com/canonical/multipass/pull/759). VMs that are resized restart: one at a time, the others carry the cluster.
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}
