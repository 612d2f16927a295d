import type { types } from "@pulumi/command";
import type { Connection, Machine } from "../../providers/machines/machine";
import { agentSocket } from "./agent-socket";

type CommandConnection = types.input.remote.ConnectionArgs;

/** Tries to connect, and the time of each: the inspection reached the host before, so a step does not wait for a boot. */
const DIAL_LIMITS = { dialErrorLimit: 10, perDialTimeout: 15 };

/** How the command plugin reaches a host: through its bastion, by an agent with one key. */
export function commandConnection({ name, connection }: Pick<Machine, "name" | "connection">): CommandConnection {
  const { bastion } = connection;
  return {
    ...server(name, connection),
    ...(bastion ? { proxy: server(`${name}'s bastion`, bastion) } : {}),
  };
}

function server(name: string, to: NonNullable<Connection["bastion"]>): Omit<CommandConnection, "proxy"> {
  const { host, port, user, hostKey } = to;
  return { host, port, user, hostKey, agentSocketPath: agentSocket(name, to), ...DIAL_LIMITS };
}
