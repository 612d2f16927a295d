import type { Image } from "./base-image";
import type { MachineId } from "./layout";

/** What a machine is to be. */
export interface MachineInputs {
  /** Hostname, an RFC 1123 label. */
  name: string;
  /** IPv4, static. */
  address: string;
  prefixLength: number;
  gateway: string;
  /** The network's bridge. */
  bridge: string;
  image: Image;
  /** Where images, trees and records are kept on this workstation. */
  stateDir: string;
  /** Logs in by key and may use sudo. */
  user: string;
  /** `ssh-ed25519 AAAA…`: the one key that may log in. */
  authorizedKey: string;
  /** `ssh-ed25519 AAAA…`. */
  hostKeyPublic: string;
  /** OpenSSH PEM. Secret. */
  hostKeyPrivate: string;
  /** The private part of `authorizedKey`, with which the new machine is tried. Secret. */
  clientKey: string;
  /** It holds a cluster, which would be lost with it. */
  controlPlane?: boolean;
  /** Lines of the machine's sources.list. Default: none, for networks from which no repository is reached. */
  aptSources?: string[];
}

export interface MachineOutputs extends MachineInputs {
  /** Random, made with the machine: it changes exactly when the machine is recreated. */
  incarnation: string;
}

export function machineId(outputs: Pick<MachineOutputs, "name" | "bridge" | "stateDir" | "incarnation">): MachineId {
  return {
    name: outputs.name,
    bridge: outputs.bridge,
    stateDir: outputs.stateDir,
    incarnation: outputs.incarnation,
  };
}
