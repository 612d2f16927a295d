import type { types } from "@pulumi/command";
import type { Connection } from "../../providers/machines/machine";
import { agentSocket } from "./agent-socket";

type CommandConnection = types.input.remote.ConnectionArgs;

/** Tries to connect, and the time of each: the inspection reached the host before, so a step does not wait for a boot. */
const DIAL_LIMITS = { dialErrorLimit: 10, perDialTimeout: 15 };

/** How the command plugin reaches a host: through its bastion, by a key or by an agent with one key. */
export function commandConnection(connection: Connection): CommandConnection {
  const { bastion } = connection;
  return { ...server(connection), ...(bastion ? { proxy: server(bastion) } : {}) };
}

function server(to: NonNullable<Connection["bastion"]>): Omit<CommandConnection, "proxy"> {
  const { host, port, user, hostKey, privateKey, agent } = to;
  const login = agent ? { agentSocketPath: agentSocket(agent) } : { privateKey };
  return { host, port, user, hostKey, ...login, ...DIAL_LIMITS };
}
