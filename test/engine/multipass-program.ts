import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { MachineInputs } from "../../providers/machines/multipass/machine";
import { userDataInput } from "../../providers/machines/multipass/machines";
import { MultipassCondition, MultipassMachine } from "../../providers/machines/multipass/resource";
import { secretOf } from "../../settings/fields";
import { SshKey } from "../../providers/machines/ssh-key/resource";

// Not in the stack's settings: Pulumi puts those in its state.
const { canary, ...inputs } = JSON.parse(readFileSync(process.env.TEST_VM ?? "", "utf8")) as MachineInputs & {
  canary?: string;
};
const { cloudInit, secrets } = userDataInput(
  canary === undefined ? inputs.cloudInit : { runcmd: [["login", secretOf(canary)]] },
);
const { name, cpus, memory, disk, user, hostKeyPublic } = inputs;
const clientKey = pulumi.secret(inputs.clientKey);

const vm = new MultipassMachine(
  name,
  { ...inputs, cloudInit, hostKeyPrivate: pulumi.secret(inputs.hostKeyPrivate), clientKey },
  { additionalSecretOutputs: secrets },
);
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
