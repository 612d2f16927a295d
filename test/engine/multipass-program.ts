import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { MachineInputs } from "../../providers/multipass/machine";
import { MultipassMachine } from "../../providers/multipass/resource";

// Not in the stack's settings: Pulumi puts those in its state.
const inputs = JSON.parse(readFileSync(process.env.TEST_VM ?? "", "utf8")) as MachineInputs;
const vm = new MultipassMachine(inputs.name, {
  ...inputs,
  hostKeyPrivate: pulumi.secret(inputs.hostKeyPrivate),
  clientKey: pulumi.secret(inputs.clientKey),
});

export const { incarnation, address } = vm;
