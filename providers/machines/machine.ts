import * as pulumi from "@pulumi/pulumi";
import type { SshTarget } from "../host/ssh/target";

/** What a machine is for in the cluster. */
export type Role = "control-plane" | "worker";

/**
 * How a machine is reached over SSH; fields as in `SshTarget`. The host key is pinned: a connection to a host with another
 * key is refused. The user logs in by key and may use sudo.
 */
export interface Connection {
  /** IPv4 address or DNS name, as the workstation reaches it. */
  host: pulumi.Input<string>;
  port: number;
  user: string;
  /** The host's public key as in known_hosts, without host names and comment: `ssh-ed25519 AAAA…`. */
  hostKey: pulumi.Input<string>;
  /** Secret. Either this or `agent`. */
  privateKey?: pulumi.Input<string>;
  agent?: { publicKey?: string };
  /** Secret. Its presence is known before anything runs: it decides by which command a step becomes root. */
  sudoPassword?: pulumi.Input<string>;
  bastion?: Omit<Connection, "sudoPassword" | "bastion" | "connectTimeoutSeconds">;
  connectTimeoutSeconds?: number;
}

/**
 * What a machine can do that decides which resources exist. It is declared by the machine kind or the inventory rather
 * than looked up, because a first preview must know it; the inspection then verifies it.
 */
export interface Capabilities {
  /** The machine runs on the kernel of the workstation: modules and kernel-wide sysctls are not its own. */
  sharedKernel: boolean;
  /** The kernel has iSCSI, which Longhorn needs for its volumes. */
  iscsi: boolean;
}

/** One machine, whatever its kind: all that the steps, the cluster and the platform see of it. */
export interface Machine {
  /** Hostname, node name and the name in every message: an RFC 1123 label. */
  name: string;
  role: Role;
  /** IPv4 address of the node within the cluster (kubelet's `node-ip`). */
  address: pulumi.Input<string>;
  connection: Connection;
  /** Changes exactly when the machine is recreated: what was done on the old one must then be done again. */
  incarnation: pulumi.Output<string>;
  capabilities: Capabilities;
  /** The resource of the machine. What is on the machine is deleted with it: `deletedWith`. */
  resource: pulumi.Resource;
  /** Done when the machine runs and can be reached, as far as that is the program's affair. */
  running: pulumi.Resource;
  /** `destroy` deletes the whole machine, so that nothing on it has to be taken down first. */
  disposable: boolean;
}

/** A public key as in known_hosts: type and key alone. */
export function withoutComment(publicKey: string): string {
  return publicKey.split(" ").slice(0, 2).join(" ");
}

/** How a driver reaches a machine. Secret, because the private key is in it. */
export function sshTarget({ name, connection }: Pick<Machine, "name" | "connection">): pulumi.Output<SshTarget> {
  const { bastion } = connection;
  return pulumi.secret(
    pulumi.output({
      ...connection,
      name,
      ...(bastion ? { bastion: { ...bastion, name: `${name}'s bastion` } } : {}),
    }),
  ) as pulumi.Output<SshTarget>;
}
