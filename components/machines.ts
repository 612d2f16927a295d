import * as pulumi from "@pulumi/pulumi";
import type { MachinesSettings, NspawnSettings } from "../settings";
import { gatewayAddress, prefixLength } from "../settings";
import { NspawnMachine, NspawnNetwork } from "../providers/nspawn/resource";
import { SshKey } from "../providers/ssh-key/resource";
import type { Machine } from "./machine";

/** The user that the program makes on machines of its own. */
const USER = "homelab";
const SSH_PORT = 22;

/**
 * The machines of a stack. This is the only place where the environments differ: everything after it sees `Machine`.
 */
export class Machines extends pulumi.ComponentResource {
  readonly all: Machine[];

  constructor(name: string, settings: MachinesSettings, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:machines:Machines", name, {}, opts);
    this.all = this.make(settings);
    this.registerOutputs();
  }

  private make(settings: MachinesSettings): Machine[] {
    switch (settings.kind) {
      case "nspawn":
        return this.nspawn(settings);
      case "multipass":
      case "metal":
        throw new pulumi.RunError(
          `machines.kind: machines of kind '${settings.kind}' can't be made yet; use a stack with 'nspawn', such as lab`,
        );
      default:
        return unhandled(settings);
    }
  }

  private nspawn(settings: NspawnSettings): Machine[] {
    const project = `${pulumi.getProject()}-${pulumi.getStack()}`;
    const clientKey = new SshKey("ssh-key", { comment: project }, { parent: this });
    const network = new NspawnNetwork(
      "network",
      {
        ...settings.network,
        address: gatewayAddress(settings.network.subnet),
        stateDir: settings.stateDir,
        owner: clientKey.publicKey,
      },
      { parent: this },
    );
    return settings.nodes.map((node) => {
      // Keys are resources of their own: a machine that is changed, or made anew, keeps its host key.
      const hostKey = new SshKey(`${node.name}-host-key`, { comment: `${project}-${node.name}` }, { parent: this });
      const machine = new NspawnMachine(
        node.name,
        {
          name: node.name,
          address: node.address,
          prefixLength: prefixLength(settings.network.subnet),
          gateway: gatewayAddress(settings.network.subnet),
          bridge: settings.network.bridge,
          image: settings.image,
          stateDir: settings.stateDir,
          user: USER,
          authorizedKey: clientKey.publicKey,
          hostKeyPublic: hostKey.publicKey,
          hostKeyPrivate: hostKey.privateKey,
          clientKey: clientKey.privateKey,
        },
        { parent: this, dependsOn: network },
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
      };
    });
  }
}

function withoutComment(publicKey: string): string {
  return publicKey.split(" ").slice(0, 2).join(" ");
}

function unhandled(settings: never): never {
  throw new Error(`unhandled kind of machine: ${JSON.stringify(settings)}`);
}
