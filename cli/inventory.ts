import { parseHostKey } from "../providers/host/ssh/host-key";
import { SSH_PORT } from "../providers/host/ssh/target";
import { decidesLogin, loginMethods } from "../settings/login";
import { mappingOf } from "../settings/stack-file";
import { Failure } from "../lab/run-program";

/** A server of a metal inventory, as far as its settings can be read before the host keys are in them. */
export interface ListedServer {
  /** The host's name; of a bastion, where it is. */
  name: string;
  host: string;
  port: number;
  /** The host's key as it is written there, also where it is a placeholder. */
  pinned?: string;
  /** The bastion before it. */
  bastion?: ListedBastion;
}

export interface ListedBastion extends ListedServer {
  user: string;
  /** The mapping that says how to log in: the bastion's own, else its host's. Encrypted values are as they are written. */
  login: Record<string, unknown>;
}

/**
 * An inventory that is not filled in yet is refused before anything is set up for it.
 *
 * @throws Failure that says what to edit
 */
export function requireHostKeys(stack: string, values: Readonly<Record<string, unknown>>): void {
  if (mappingOf(values.machines).kind !== "metal") return;
  const hosts = listedHosts(values);
  const without = [...bastionsOf(hosts), ...hosts].filter((server) => !pinnedKey(server)).map(({ name }) => name);
  if (without.length === 0) return;
  throw new Failure(
    `Pulumi.${stack}.yaml is not filled in yet: there is no host key for ${without.join(", ")}`,
    `1. Write your hosts into it: their addresses, and the user who logs in (docs/metal.md).
2. Print their keys: make host-keys STACK=${stack}
3. Compare each with the one on its host's console, and put it in the place of \`ssh-ed25519 …\`.`,
  );
}

/** The key that is pinned for a server; none where there is a placeholder. */
export function pinnedKey({ pinned = "" }: Pick<ListedServer, "pinned">): Buffer | undefined {
  try {
    return parseHostKey(pinned);
  } catch {
    return undefined;
  }
}

/**
 * The hosts of a settings file. It is read leniently: the program's own check refuses an inventory whose host keys are not in it
 * yet. So `resolveSsh` can't be used here: it takes checked settings with decrypted secrets, and a user for each host.
 *
 * @param values the settings by key, without the project's name
 */
export function listedHosts(values: Readonly<Record<string, unknown>>): ListedServer[] {
  const machines = mappingOf(values.machines);
  if (machines.kind !== "metal") {
    throw new Failure(
      `the stack's machines are of kind ${String(machines.kind)}: the program makes their host keys itself`,
      "Host keys are listed for existing hosts: make host-keys STACK=metal",
    );
  }
  const shared = mappingOf(values.ssh);
  const nodes = Array.isArray(machines.nodes) ? (machines.nodes as unknown[]).map(mappingOf) : [];
  return nodes.flatMap((node) => {
    const own = mappingOf(node.ssh);
    if (typeof node.address !== "string") return [];
    const login = decidesLogin(own) ? own : shared;
    const bastion = mappingOf(own.bastion ?? shared.bastion);
    return [
      {
        name: String(node.name),
        host: node.address,
        port: portIn(own, portIn(shared, SSH_PORT)),
        pinned: textIn(own, "hostKey"),
        ...(typeof bastion.host === "string" ? { bastion: listedBastion(bastion, login) } : {}),
      },
    ];
  });
}

/** Each once. */
export function bastionsOf(hosts: readonly ListedServer[]): ListedBastion[] {
  const bastions = hosts.flatMap(({ bastion }) => bastion ?? []);
  return [...new Map(bastions.map((bastion) => [bastion.name, bastion])).values()];
}

function listedBastion(bastion: Record<string, unknown>, hostLogin: Record<string, unknown>): ListedBastion {
  const host = String(bastion.host);
  const port = portIn(bastion, SSH_PORT);
  return {
    name: `bastion ${host}:${port}`,
    host,
    port,
    user: String(bastion.user),
    pinned: textIn(bastion, "hostKey"),
    login: loginMethods(bastion).length > 0 ? bastion : hostLogin,
  };
}

function portIn(ssh: Record<string, unknown>, fallback: number): number {
  return typeof ssh.port === "number" ? ssh.port : fallback;
}

function textIn(ssh: Record<string, unknown>, name: string): string | undefined {
  const value = ssh[name];
  return typeof value === "string" ? value : undefined;
}
