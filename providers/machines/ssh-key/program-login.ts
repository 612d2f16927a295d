import * as pulumi from "@pulumi/pulumi";
import { SSH_PORT } from "../../host/ssh/target";
import { SshKey } from "./resource";
import { type Connection, withoutComment } from "../machine";

/** The user that the program makes on machines of its own. */
export const USER = "homelab";

/** How the program logs in on machines that it makes itself: with one key for all, and a host key for each. */
export class ProgramLogin {
  readonly clientKey: SshKey;
  private readonly project = `${pulumi.getProject()}-${pulumi.getStack()}`;

  constructor(private readonly parent: pulumi.Resource) {
    this.clientKey = new SshKey("ssh-key", { comment: this.project }, { parent });
  }

  /** Keys are resources of their own: a machine that is changed, or recreated, keeps its host key. */
  hostKey(machine: string): SshKey {
    return new SshKey(`${machine}-host-key`, { comment: `${this.project}-${machine}` }, { parent: this.parent });
  }

  connection(host: pulumi.Input<string>, hostKey: SshKey): Connection {
    return {
      host,
      port: SSH_PORT,
      user: USER,
      privateKey: this.clientKey.privateKey,
      hostKey: hostKey.publicKey.apply(withoutComment),
    };
  }
}
