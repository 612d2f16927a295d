import * as pulumi from "@pulumi/pulumi";
import { MultipassCondition, MultipassMachine } from "../../providers/multipass/resource";
import { SshKey } from "../../providers/ssh-key/resource";
import type { MultipassSettings } from "../../settings";
import { type Machine, withoutComment } from "../machine";

/** The user that the program makes on machines of its own. */
const USER = "homelab";
const SSH_PORT = 22;

/** Virtual machines of Multipass on this computer, with keys of their own. Their addresses come from DHCP. */
export function multipassMachines(settings: MultipassSettings, parent: pulumi.Resource): Machine[] {
  const project = `${pulumi.getProject()}-${pulumi.getStack()}`;
  const clientKey = new SshKey("ssh-key", { comment: project }, { parent });
  return settings.nodes.map((node) => {
    // Keys are resources of their own: a machine that is changed, or made anew, keeps its host key.
    const hostKey = new SshKey(`${node.name}-host-key`, { comment: `${project}-${node.name}` }, { parent });
    const shared = {
      name: node.name,
      cpus: node.cpus,
      memory: node.memory,
      disk: node.disk,
      user: USER,
      hostKeyPublic: hostKey.publicKey.apply(withoutComment),
      clientKey: clientKey.privateKey,
    };
    const machine = new MultipassMachine(
      node.name,
      {
        ...shared,
        image: node.image,
        networks: node.networks.map((network) => ({ ...network })),
        cloudInit: node.cloudInit,
        authorizedKey: clientKey.publicKey,
        hostKeyPrivate: hostKey.privateKey,
      },
      { parent },
    );
    const { incarnation, address } = machine;
    const launched = pulumi
      .all([machine.cpus, machine.memory, machine.disk])
      .apply(([cpus, memory, disk]) => ({ cpus, memory, disk }));
    const running = new MultipassCondition(
      `${node.name}-condition`,
      { ...shared, incarnation, address, launched },
      { parent, dependsOn: machine, deletedWith: machine },
    );
    return {
      name: node.name,
      role: node.role,
      address,
      connection: {
        host: address,
        port: SSH_PORT,
        user: USER,
        privateKey: clientKey.privateKey,
        hostKey: hostKey.publicKey.apply(withoutComment),
      },
      incarnation,
      capabilities: node.capabilities,
      resource: machine,
      running,
      disposable: true,
    };
  });
}
