import { z } from "zod";
import { capabilitiesOf, sharedCapabilities } from "../../../settings/capabilities";
import { described, scalarText } from "../../../settings/fields";
import { ipv4 } from "../../../settings/formats";
import { resolveSsh } from "../../../settings/login";
import { nodeFields, nodesOf, reportRepeated } from "../../../settings/nodes";
import { type Place, valueOf } from "../../../settings/places";
import type { DeepReadonly } from "../../../settings/resolve";
import type { Report, WrittenSettings } from "../../../settings/rule";
import { checkHostSsh, hostSshSchema, type sshSchema } from "../../../settings/ssh";
import type { Capabilities } from "../machine";

export const title = "existing hosts over SSH (the stack `metal`)";

/** What these machines can do, unless the inventory says otherwise. */
export const capabilities: Capabilities = { sharedKernel: false, iscsi: true };

/** Existing hosts over SSH. */
export const schema = z.strictObject({
  kind: described("The kind of machine", z.literal("metal")),
  protect: described("Refuse `pulumi destroy` until this is false", z.boolean()).default(true),
  capabilities: sharedCapabilities,
  nodes: nodesOf(
    z.strictObject({
      ...nodeFields,
      address: scalarText(ipv4, "IPv4 address by which the host is reached"),
      privateAddress: scalarText(ipv4, "IPv4 address of the node in the cluster, where it differs").optional(),
      ssh: hostSshSchema,
    }),
  ),
});

type Parsed = z.output<typeof schema>;

export function checkMachines({ nodes }: Place<Parsed>, report: Report, settings: WrittenSettings): void {
  const hostKeys = nodes.map(({ ssh }) => ({ setting: ssh.hostKey, value: valueOf(ssh.hostKey) }));
  // Hosts that were cloned with their key: each could pass for the other.
  reportRepeated(hostKeys, report);
  for (const { ssh } of nodes) checkHostSsh(ssh, settings.ssh, report);
}

export function complete(machines: Parsed, ssh: z.output<typeof sshSchema>) {
  const shared = machines.capabilities;
  return {
    ...machines,
    capabilities: capabilitiesOf(capabilities, shared),
    nodes: machines.nodes.map((node) => ({
      ...node,
      ssh: resolveSsh(node.ssh, ssh),
      capabilities: capabilitiesOf(capabilities, shared, node.capabilities),
    })),
  };
}

export type MetalSettings = DeepReadonly<ReturnType<typeof complete>>;
