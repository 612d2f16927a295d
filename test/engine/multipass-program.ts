import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { MachineInputs } from "../../providers/machines/multipass/machine";
import { MultipassCondition, MultipassMachine } from "../../providers/machines/multipass/resource";
import { SshKey } from "../../providers/machines/ssh-key/resource";

// Not in the stack's settings: Pulumi puts those in its state.
const inputs = JSON.parse(readFileSync(process.env.TEST_VM ?? "", "utf8")) as MachineInputs;
const { name, cpus, memory, disk, user, hostKeyPublic } = inputs;
const clientKey = pulumi.secret(inputs.clientKey);

const vm = new MultipassMachine(name, { ...inputs, hostKeyPrivate: pulumi.secret(inputs.hostKeyPrivate), clientKey });
const launched = pulumi
  .all([vm.cpus, vm.memory, vm.disk])
  .apply(([ofCpus, ofMemory, ofDisk]) => ({ cpus: ofCpus, memory: ofMemory, disk: ofDisk }));
const condition = new MultipassCondition(
  `${name}-condition`,
  {
    name,
    cpus,
    memory,
    disk,
    user,
    hostKeyPublic,
    clientKey,
    incarnation: vm.incarnation,
    address: vm.address,
    launched,
  },
  { dependsOn: vm, deletedWith: vm },
);
// Stands for all that is built on the machine: it is planned again where a preview doesn't know the machine.
new SshKey("dependent", { comment: pulumi.interpolate`${vm.incarnation} ${vm.address}` }, { dependsOn: condition });

export const { incarnation, address } = vm;
