import * as pulumi from "@pulumi/pulumi";
import { incarnationOf } from "../../host/ssh/host-key";
import { MetalHost } from "./resource";
import { SshKeyFile } from "../ssh-key/resource";
import type { HostSshSettings, LoginSettings } from "../../../settings";
import type { MetalSettings } from "./settings";
import { type Connection, type Machine, sshTarget } from "../machine";

type Login = Pick<Connection, "privateKey" | "agent">;

/** Existing hosts, as the inventory describes them: nothing is made, and a host that leaves is left as it was found. */
export function metalMachines(settings: MetalSettings, parent: pulumi.Resource): Machine[] {
  const login = logins(parent);
  const first = settings.nodes.find(({ role }) => role === "control-plane");
  return settings.nodes.map((node) => {
    const connection = connectionTo(node.address, node.ssh, login);
    const resource = new MetalHost(
      node.name,
      { target: sshTarget({ name: node.name, connection }), hostKey: node.ssh.hostKey },
      // One protected resource is enough to refuse `destroy`; the others' hosts can be taken out of the inventory.
      { parent, protect: settings.protect && node === first },
    );
    return {
      name: node.name,
      role: node.role,
      address: node.privateAddress ?? node.address,
      connection,
      // Known before anything is connected to: a preview shows what is done on the host.
      incarnation: pulumi.output(incarnationOf(node.ssh.hostKey)),
      capabilities: node.capabilities,
      resource,
      running: resource,
      disposable: false,
    };
  });
}

function connectionTo(host: string, ssh: HostSshSettings, login: (settings: LoginSettings) => Login): Connection {
  const { user, port, hostKey, sudoPassword, bastion, connectTimeoutSeconds } = ssh;
  return {
    host,
    port,
    user,
    hostKey,
    ...login(ssh.login),
    ...(sudoPassword ? { sudoPassword: pulumi.secret(sudoPassword.reveal()) } : {}),
    ...(bastion
      ? {
          bastion: {
            host: bastion.host,
            port: bastion.port,
            user: bastion.user,
            hostKey: bastion.hostKey,
            ...login(bastion.login),
          },
        }
      : {}),
    connectTimeoutSeconds,
  };
}

/** A key file is one resource, whoever uses it: what it holds is in the state, so that a preview does without the file. */
function logins(parent: pulumi.Resource): (settings: LoginSettings) => Login {
  const files = new Map<string, SshKeyFile>();
  return (settings) => {
    switch (settings.by) {
      case "agent":
        return { agent: settings.publicKey === undefined ? {} : { publicKey: settings.publicKey } };
      case "privateKey":
        return { privateKey: pulumi.secret(settings.privateKey.reveal()) };
      case "privateKeyPath": {
        const path = settings.privateKeyPath;
        const file = files.get(path) ?? new SshKeyFile(`ssh-key-file ${path}`, { path }, { parent });
        files.set(path, file);
        return { privateKey: file.privateKey };
      }
      default:
        return unhandled(settings);
    }
  };
}

function unhandled(settings: never): never {
  throw new Error(`unhandled login method: ${JSON.stringify(settings)}`);
}
