import * as pulumi from "@pulumi/pulumi";

/** Longest name of a device: a DNS label. */
const LONGEST = 63;

/** Name of a device in the tailnet: it begins with the stack's name, so that stacks can share a tailnet. */
export function tailnetName(name: string, stack = pulumi.getStack()): string {
  const label = `${stack}-${name}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return label.slice(0, LONGEST).replace(/^-+|-+$/g, "");
}
