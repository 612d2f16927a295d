import * as pulumi from "@pulumi/pulumi";
import { MultipassCondition, MultipassMachine } from "./resource";
import type { MultipassSettings } from "./settings";
import { hasSecret, mapSecrets } from "../../../settings/fields";
import { type Machine, withoutComment } from "../machine";
import { ProgramLogin, USER } from "../ssh-key/program-login";

/** Virtual machines of Multipass on this workstation, with keys of their own. Their addresses come from DHCP. */
export function multipassMachines(settings: MultipassSettings, parent: pulumi.Resource): Machine[] {
  const login = new ProgramLogin(parent);
  const { clientKey } = login;
  return settings.nodes.map((node) => {
    const hostKey = login.hostKey(node.name);
    const shared = {
      name: node.name,
      cpus: node.cpus,
      memory: node.memory,
      disk: node.disk,
      user: USER,
      hostKeyPublic: hostKey.publicKey.apply(withoutComment),
      clientKey: clientKey.privateKey,
    };
    const { cloudInit, secrets } = userDataInput(node.cloudInit);
    const machine = new MultipassMachine(
      node.name,
      {
        ...shared,
        image: node.image,
        controlPlane: node.role === "control-plane",
        networks: node.networks.map((network) => ({ ...network })),
        cloudInit,
        authorizedKey: clientKey.publicKey,
        hostKeyPrivate: hostKey.privateKey,
      },
      { parent, additionalSecretOutputs: secrets },
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
      connection: login.connection(address, hostKey),
      incarnation,
      capabilities: node.capabilities,
      resource: machine,
      running,
      disposable: true,
    };
  });
}

/**
 * The user's own user-data as the input of a machine, and the names of its outputs that are secret with it. It is secret as a whole
 * where something in it is: a dynamic resource's outputs are kept secret by their names.
 */
export function userDataInput(written: MultipassSettings["cloudInit"]) {
  const cloudInit = mapSecrets(written, (secret) => secret.reveal());
  return hasSecret(written)
    ? { cloudInit: pulumi.secret(cloudInit), secrets: ["cloudInit"] }
    : { cloudInit, secrets: [] };
}
