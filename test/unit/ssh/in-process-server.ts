import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { type Connection, Server, type ServerChannel, utils } from "ssh2";
import { generateKeyPair } from "../../../providers/ssh-key/key-pair";
import type { SshTarget } from "../../../providers/ssh/target";

export const USER = "someone";
export const hostKeys = generateKeyPair();
export const clientKeys = generateKeyPair();

/** What a test server does with a command. */
export type Answer = (channel: ServerChannel, command: string, connection: Connection) => void;

export interface TestServer {
  target: SshTarget;
  /** Every request to log in, in order: method, and whether it was signed (not only asked about). */
  logins: { method: string; signed: boolean }[];
  commands: string[];
  connections(): number;
  /** Stops reading and writing on all connections, as a cut cable does. */
  cut(): void;
  close(): Promise<void>;
}

interface ServerOptions {
  answer?: Answer;
  hostKey?: string;
  /** Hangs up on the first so many connections before a word is said, as MaxStartups does. */
  hangUpOn?: number;
  port?: number;
}

/** A real SSH server in this process: ssh2's, behind a TCP proxy that can hang up and fall silent. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const logins: TestServer["logins"] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const allowed = utils.parseKey(clientKeys.public);
  if (allowed instanceof Error) throw allowed;
  const ssh = new Server({ hostKeys: [options.hostKey ?? hostKeys.private] }, (connection) => {
    connection.on("error", () => undefined);
    connection.on("authentication", (login) => {
      const signed = login.method === "publickey" && login.signature !== undefined;
      logins.push({ method: login.method, signed });
      if (login.method !== "publickey" || !login.key.data.equals(allowed.getPublicSSH())) return login.reject();
      login.accept();
    });
    connection.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        commands.push(command);
        options.answer?.(acceptExec(), command, connection);
      });
    });
  });
  let accepted = 0;
  const front: NetServer = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    if (++accepted <= (options.hangUpOn ?? 0)) return socket.destroy();
    ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve) => front.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = front.address() as AddressInfo;
  return {
    target: targetAt(port),
    logins,
    commands,
    connections: () => accepted,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

export function targetAt(port: number): SshTarget {
  return {
    name: "node1",
    host: "127.0.0.1",
    port,
    user: USER,
    privateKey: clientKeys.private,
    hostKey: hostKeys.public,
  };
}
