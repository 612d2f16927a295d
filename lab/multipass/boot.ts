import { network, takeKnob } from "./home";
import { loadInstance, moveInstance } from "./instance";
import { writeLease } from "./tree";

/**
 * Run before each boot of a machine: what a DHCP server would decide. A test moves an instance by the knob
 * `new-address.NAME`, whose content is the address, or nothing for any.
 */
function boot(name: string): void {
  const known = loadInstance(name);
  if (!known) throw new Error(`fake multipass: there is no instance ${name}`);
  const wanted = takeKnob(`new-address.${name}`);
  const instance = wanted === undefined ? known : moveInstance(known, wanted);
  writeLease(instance, network());
}

boot(process.argv[2] ?? "");
