import * as pulumi from "@pulumi/pulumi";
import type { MachinesSettings } from "../settings";
import type { Machine } from "../providers/machines/machine";
import { metalMachines } from "../providers/machines/metal/machines";
import { multipassMachines } from "../providers/machines/multipass/machines";
import { nspawnMachines } from "../providers/machines/nspawn/machines";

/**
 * The machines of a stack. This is the only place where the environments differ: everything after it sees `Machine`.
 */
export class Machines extends pulumi.ComponentResource {
  readonly all: Machine[];

  constructor(name: string, settings: MachinesSettings, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:machines:Machines", name, {}, opts);
    this.all = this.make(settings);
    this.registerOutputs();
  }

  private make(settings: MachinesSettings): Machine[] {
    switch (settings.kind) {
      case "nspawn":
        return nspawnMachines(settings, this);
      case "multipass":
        return multipassMachines(settings, this);
      case "metal":
        return metalMachines(settings, this);
      default:
        return unhandled(settings);
    }
  }
}

function unhandled(settings: never): never {
  throw new Error(`unhandled kind of machine: ${JSON.stringify(settings)}`);
}
