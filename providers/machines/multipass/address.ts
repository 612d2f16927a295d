import type { Vm } from "./client";
import { type MachineOutputs, removeCommand } from "./machine";

type Recorded = Pick<MachineOutputs, "name" | "address">;

/**
 * A running VM's address on Multipass' own network: the recorded one where the VM still has it, else the first, which is that
 * network's. `undefined` where it has none.
 */
export function addressOf(vm: Vm, recorded: string): string | undefined {
  return vm.ipv4.includes(recorded) ? recorded : vm.ipv4[0];
}

/** True where DHCP gave the VM another address than the one that the cluster was built on. */
export function hasMoved(address: string, current: string): boolean {
  return address !== "" && current !== address;
}

/**
 * The address at which a VM is now; the recorded one while it has none.
 *
 * @throws Error where DHCP gave the VM another address than the cluster was built on
 */
export function located(recorded: Recorded, vm: Vm): string {
  const current = addressOf(vm, recorded.address) ?? recorded.address;
  if (hasMoved(recorded.address, current)) throw new Error(movedMessage(recorded, current));
  return current;
}

/** Why nothing is done for a VM whose address changed, and what the person can do. */
function movedMessage({ name, address }: Recorded, current: string): string {
  return (
    `${name}: the VM's address was ${address} and is ${current} now: Multipass gives addresses by DHCP, and this one changed ` +
    `when the VM was started. The cluster's certificates and its nodes name ${address}, so nothing was changed. ` +
    `To get that address back, restart the VM (\`multipass restart ${name}\`; if another VM has the address, stop that one first), ` +
    "then run `pulumi up --refresh`. " +
    `To make the VM anew instead, with the loss of all that is on it: \`${removeCommand(name)}\`, then \`pulumi up --refresh\`; ` +
    "where it is the control plane, `pulumi destroy` and `pulumi up` make the whole cluster anew"
  );
}
