import * as pulumi from "@pulumi/pulumi";
import type { NspawnSettings } from "../../settings";
import { gatewayAddress, prefixLength } from "../../settings";
import { NspawnMachine, NspawnNetwork, NspawnPower } from "../../providers/nspawn/resource";
import { SshKey } from "../../providers/ssh-key/resource";
import { type Machine, withoutComment } from "../machine";

/** The user that the program makes on machines of its own. */
const USER = "homelab";
const SSH_PORT = 22;

/** Machines in systemd-nspawn on this computer, with a network and keys of their own. */
export function nspawnMachines(settings: NspawnSettings, parent: pulumi.Resource): Machine[] {
  const project = `${pulumi.getProject()}-${pulumi.getStack()}`;
  const clientKey = new SshKey("ssh-key", { comment: project }, { parent });
  const network = new NspawnNetwork(
    "network",
    {
      ...settings.network,
      address: gatewayAddress(settings.network.subnet),
      stateDir: settings.stateDir,
      owner: clientKey.publicKey,
    },
    { parent },
  );
  return settings.nodes.map((node) => {
    // Keys are resources of their own: a machine that is changed, or made anew, keeps its host key.
    const hostKey = new SshKey(`${node.name}-host-key`, { comment: `${project}-${node.name}` }, { parent });
    const shared = {
      name: node.name,
      address: node.address,
      bridge: settings.network.bridge,
      stateDir: settings.stateDir,
      user: USER,
      hostKeyPublic: hostKey.publicKey,
      clientKey: clientKey.privateKey,
    };
    const machine = new NspawnMachine(
      node.name,
      {
        ...shared,
        prefixLength: prefixLength(settings.network.subnet),
        gateway: gatewayAddress(settings.network.subnet),
        image: settings.image,
        authorizedKey: clientKey.publicKey,
        hostKeyPrivate: hostKey.privateKey,
      },
      { parent, dependsOn: network },
    );
    const running = new NspawnPower(
      `${node.name}-power`,
      { ...shared, incarnation: machine.incarnation },
      { parent, dependsOn: [network, machine], deletedWith: machine },
    );
    return {
      name: node.name,
      role: node.role,
      address: node.address,
      connection: {
        host: node.address,
        port: SSH_PORT,
        user: USER,
        privateKey: clientKey.privateKey,
        hostKey: hostKey.publicKey.apply(withoutComment),
      },
      incarnation: machine.incarnation,
      capabilities: node.capabilities,
      resource: machine,
      running,
      disposable: true,
    };
  });
}
