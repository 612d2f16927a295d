import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { AgentLogin } from "../../providers/host/ssh/agent";

/** Relative to the project's folder, which is where the engine starts both the program and the plugin. */
const FOLDER = ".homelab/ssh";
/** Characters of a socket's name. */
const NAME_LENGTH = 12;

const served = new Map<string, Promise<void>>();

/**
 * Where the command plugin finds an agent with the one key that logs in. The plugin would offer a host every key of the
 * user's agent, and hosts hang up after six; so the program serves an agent of its own while it runs.
 *
 * The path depends on the stack and the settings alone: it is in the state, and must be the same on every workstation. A
 * preview connects to nothing, and so needs no agent.
 */
export function agentSocket(login: AgentLogin): pulumi.Output<string> {
  const socket = agentSocketPath(login, pulumi.getStack());
  if (pulumi.runtime.isDryRun()) return pulumi.output(socket);
  let serving = served.get(socket);
  if (!serving) {
    serving = serve(socket, login);
    served.set(socket, serving);
  }
  return pulumi.output(serving.then(() => socket));
}

/** Two stacks of one folder may run side by side; each has sockets of its own. */
export function agentSocketPath(login: AgentLogin, stack: string): string {
  // The comment of a key says nothing about which key it is.
  const key = (login.publicKey ?? "").trim().split(/\s+/).slice(0, 2).join(" ");
  const name = createHash("sha256").update(`${stack}\n${key}`).digest("hex").slice(0, NAME_LENGTH);
  return `${FOLDER}/${name}.sock`;
}

async function serve(socket: string, login: AgentLogin): Promise<void> {
  /* eslint-disable @typescript-eslint/no-require-imports --
     ssh2 takes a while to load, and a preview needs none of it. */
  const { agentWithOneKey } =
    require("../../providers/host/ssh/agent") as typeof import("../../providers/host/ssh/agent");
  const { serveAgent } =
    require("../../providers/host/ssh/agent-server") as typeof import("../../providers/host/ssh/agent-server");
  /* eslint-enable @typescript-eslint/no-require-imports */
  const about = { host: "SSH agent", doing: "logging in" };
  let told = "";
  await serveAgent(
    socket,
    () => agentWithOneKey(login, about),
    (error) => {
      // The plugin only says that it can't log in, and tries that ten times.
      if (error.message !== told) void pulumi.log.error(error.message);
      told = error.message;
    },
  );
  process.once("exit", () => rmSync(socket, { force: true }));
}
