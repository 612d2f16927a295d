import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Connection, Machine } from "../../providers/machines/machine";
import type { OneKey } from "../../providers/host/ssh/agent";

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

/** Relative to the project's folder, which is where the engine starts both the program and the plugin. */
const FOLDER = ".homelab/ssh";
/** Characters of a socket's name. */
const NAME_LENGTH = 12;

type Login = Pick<Connection, "agent" | "privateKey">;

const served = new Map<string, Promise<void>>();

/**
 * Where the command plugin finds an agent with the one key that logs in: the program serves one of its own while it runs. The
 * plugin would offer a host every key of the user's agent, and hosts hang up after six; and with a key of its own it still
 * fails where SSH_AUTH_SOCK names an agent that is gone.
 *
 * The path depends on the stack and the settings alone: it is in the state, and must be the same on every workstation. A
 * preview connects to nothing, and so needs no agent.
 *
 * @param server the name of the host, or of its bastion
 */
function agentSocket(server: string, login: Login): pulumi.Output<string> {
  const socket = agentSocketPath(server, login, pulumi.getStack());
  if (pulumi.runtime.isDryRun()) return pulumi.output(socket);
  const { agent, privateKey } = login;
  const about = { host: server, doing: "logging in" };
  const serving = agent
    ? pulumi.output(servedOnce(socket, () => ssh().agentWithOneKey(agent, about)))
    : pulumi.output(privateKey).apply((key) => servedOnce(socket, () => ssh().agentOfKey(key ?? "", about)));
  // A path is no secret, whatever it leads to.
  return pulumi.unsecret(serving.apply(() => socket));
}

/** Two stacks of one folder may run side by side; each has sockets of its own. */
export function agentSocketPath(server: string, { agent }: Login, stack: string): string {
  // The comment of a key says nothing about which key it is. What a private key is, a first preview doesn't know.
  const key = agent ? (agent.publicKey ?? "").trim().split(/\s+/).slice(0, 2).join(" ") : `the key of ${server}`;
  const name = createHash("sha256").update(`${stack}\n${key}`).digest("hex").slice(0, NAME_LENGTH);
  return `${FOLDER}/${name}.sock`;
}

async function servedOnce(socket: string, find: () => OneKey | Promise<OneKey>): Promise<void> {
  const serving = served.get(socket) ?? serve(socket, find);
  served.set(socket, serving);
  return serving;
}

async function serve(socket: string, find: () => OneKey | Promise<OneKey>): Promise<void> {
  let told = "";
  await ssh().serveAgent(
    socket,
    async () => find(),
    (error) => {
      // The plugin only says that it can't log in, and tries that ten times.
      if (error.message !== told) void pulumi.log.error(error.message);
      told = error.message;
    },
  );
}

process.once("exit", () => {
  for (const socket of served.keys()) rmSync(socket, { force: true });
});

/** ssh2 takes a while to load, and a preview needs none of it. */
function ssh() {
  /* eslint-disable @typescript-eslint/no-require-imports */
  return {
    ...(require("../../providers/host/ssh/agent") as typeof import("../../providers/host/ssh/agent")),
    ...(require("../../providers/host/ssh/agent-server") as typeof import("../../providers/host/ssh/agent-server")),
    ...(require("../../providers/host/ssh/key-agent") as typeof import("../../providers/host/ssh/key-agent")),
  };
  /* eslint-enable @typescript-eslint/no-require-imports */
}
