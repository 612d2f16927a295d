import type { z } from "zod";
import { SSH_PORT } from "../providers/host/ssh/target";
import type { Secret } from "./fields";
import type { hostSshSchema, sshSchema } from "./ssh";

/** By which key one logs in: exactly one way, discriminated by `by`. */
export type LoginSettings =
  | {
      by: "agent";
      /** Which of the agent's keys, `ssh-ed25519 AAAA…` without its comment; left out: its only key. */
      publicKey?: string;
    }
  | { by: "privateKey"; privateKey: Secret }
  | {
      by: "privateKeyPath";
      /** Absolute, or beginning with `~/`. */
      privateKeyPath: string;
    };

export interface BastionSettings {
  host: string;
  port: number;
  user: string;
  hostKey: string;
  login: LoginSettings;
}

/** How one host is reached, complete. */
export interface HostSshSettings {
  user: string;
  port: number;
  hostKey: string;
  login: LoginSettings;
  sudoPassword?: Secret;
  bastion?: BastionSettings;
  connectTimeoutSeconds: number;
}

type LoginMethod = "privateKey" | "privateKeyPath" | "agent" | "publicKey";

/**
 * The login methods that one mapping names, without those that it inherits. `publicKey` alone names the agent. For
 * settings as they were written, and for checked ones.
 */
export function loginMethods({ agent, publicKey, ...ssh }: Readonly<Record<string, unknown>>): LoginMethod[] {
  const keys = (["privateKey", "privateKeyPath"] as const).filter((name) => ssh[name] !== undefined);
  if (agent !== undefined && agent !== false) return [...keys, "agent"];
  return publicKey !== undefined && agent !== false ? [...keys, "publicKey"] : keys;
}

/** Whether the mapping decides how to log in. Then nothing of a login is inherited; `agent: false` decides so too. */
export function decidesLogin(ssh: Readonly<Record<string, unknown>>): boolean {
  return loginMethods(ssh).length > 0 || ssh.agent === false;
}

/** The host's settings over those of all hosts, after the rules have found each host's user and one login. */
export function resolveSsh(own: z.output<typeof hostSshSchema>, shared: z.output<typeof sshSchema>): HostSshSettings {
  const login = loginOf(decidesLogin({ ...own }) ? own : shared);
  const bastion = own.bastion ?? shared.bastion;
  const sudoPassword = own.sudoPassword ?? shared.sudoPassword;
  const user = own.user ?? shared.user;
  if (user === undefined) throw new Error("a host without a user passed the rules");
  return {
    user,
    port: own.port ?? shared.port ?? SSH_PORT,
    hostKey: own.hostKey,
    login,
    ...(sudoPassword ? { sudoPassword } : {}),
    ...(bastion ? { bastion: resolveBastion(bastion, login) } : {}),
    connectTimeoutSeconds: shared.connectTimeoutSeconds,
  };
}

type Bastion = NonNullable<z.output<typeof sshSchema>["bastion"]>;

function resolveBastion(bastion: Bastion, hostLogin: LoginSettings): BastionSettings {
  const { host, port, user, hostKey } = bastion;
  return { host, port, user, hostKey, login: loginMethods({ ...bastion }).length > 0 ? loginOf(bastion) : hostLogin };
}

function loginOf(ssh: Pick<Bastion, "agent" | "publicKey" | "privateKey" | "privateKeyPath">): LoginSettings {
  if (ssh.privateKey) return { by: "privateKey", privateKey: ssh.privateKey };
  if (ssh.privateKeyPath !== undefined) return { by: "privateKeyPath", privateKeyPath: ssh.privateKeyPath };
  const publicKey = ssh.publicKey?.split(" ").slice(0, 2).join(" ");
  return { by: "agent", ...(publicKey === undefined ? {} : { publicKey }) };
}
