import * as pulumi from "@pulumi/pulumi";
import { kinds } from "../providers/machines/kinds";
import type { Machine } from "../providers/machines/machine";
import type { MachinesSettings } from "../settings";

/**
 * The machines of a stack. This is the only place where the environments differ: everything after it sees `Machine`.
 */
export class Machines extends pulumi.ComponentResource {
  readonly all: Machine[];

  constructor(name: string, settings: MachinesSettings, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:machines:Machines", name, {}, opts);
    const kind = kinds.find((one) => one.name === settings.kind);
    if (!kind) throw new Error(`unhandled kind of machine: ${JSON.stringify(settings)}`);
    // Each kind takes the settings of its own kind, which `find` has chosen.
    this.all = kind.machines()(settings as never, this);
    this.registerOutputs();
  }
}
