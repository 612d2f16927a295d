import type * as pulumi from "@pulumi/pulumi";
import type { NspawnSettings } from "./settings";
import { gatewayAddress, prefixLength } from "../../../settings";
import { NspawnMachine, NspawnNetwork, NspawnPower } from "./resource";
import type { Machine } from "../machine";
import { ProgramLogin, USER } from "../ssh-key/program-login";

/** Machines in systemd-nspawn on this workstation, with a network and keys of their own. */
export function nspawnMachines(settings: NspawnSettings, parent: pulumi.Resource): Machine[] {
  const login = new ProgramLogin(parent);
  const { clientKey } = login;
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
    const hostKey = login.hostKey(node.name);
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
        controlPlane: node.role === "control-plane",
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
      connection: login.connection(node.address, hostKey),
      incarnation: machine.incarnation,
      capabilities: node.capabilities,
      resource: machine,
      running,
      disposable: true,
    };
  });
}
