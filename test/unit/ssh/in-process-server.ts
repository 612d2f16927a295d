import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { type Connection, Server, type ServerChannel, utils } from "ssh2";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import type { SshTarget } from "../../../providers/host/ssh/target";

export const USER = "someone";
export const hostKeys = generateKeyPair();
export const clientKeys = generateKeyPair();

/** What a test server does with a command. */
export type Answer = (channel: ServerChannel, command: string, connection: Connection) => void;

export interface TestServer {
  target: SshTarget;
  /** Every request to log in, in order: method, whether it was signed (not only asked about), and the key in base64. */
  logins: { method: string; signed: boolean; key?: string }[];
  commands: string[];
  /** Where clients asked to be forwarded to, as `host:port`. */
  forwarded: string[];
  connections(): number;
  /** Connections that are still open. */
  open(): number;
  /** Stops reading and writing on all connections, as a cut cable does. */
  cut(): void;
  close(): Promise<void>;
}

interface ServerOptions {
  answer?: Answer;
  hostKey?: string;
  /** The public key that logs in. Default: that of `clientKeys`. */
  lets?: string;
  /** Forwards to other hosts, as a bastion does. */
  forwards?: boolean;
  /** Hangs up on the first so many connections before a word is said, as MaxStartups does. */
  hangUpOn?: number;
  port?: number;
}

/** A real SSH server in this process: ssh2's, behind a TCP proxy that can hang up and fall silent. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const logins: TestServer["logins"] = [];
  const commands: string[] = [];
  const forwarded: string[] = [];
  const sockets = new Set<Socket>();
  const allowed = utils.parseKey(options.lets ?? clientKeys.public);
  if (allowed instanceof Error) throw allowed;
  const ssh = new Server({ hostKeys: [options.hostKey ?? hostKeys.private] }, (connection) => {
    connection.on("error", () => undefined);
    connection.on("authentication", (login) => {
      const signed = login.method === "publickey" && login.signature !== undefined;
      const key = login.method === "publickey" ? { key: login.key.data.toString("base64") } : {};
      logins.push({ method: login.method, signed, ...key });
      if (login.method !== "publickey" || !login.key.data.equals(allowed.getPublicSSH()))
        return login.reject(["publickey"]);
      login.accept();
    });
    if (options.forwards) connection.on("tcpip", (...request) => forward(forwarded, ...request));
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
    socket.on("close", () => sockets.delete(socket));
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
    forwarded,
    open: () => sockets.size,
    connections: () => accepted,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

type ForwardRequest = Parameters<
  (accept: () => ServerChannel, reject: () => void, to: { destIP: string; destPort: number }) => void
>;

function forward(forwarded: string[], ...[accept, reject, { destIP, destPort }]: ForwardRequest): void {
  forwarded.push(`${destIP}:${destPort}`);
  const onward = connect(destPort, destIP);
  onward.once("error", reject);
  onward.once("connect", () => {
    onward.removeListener("error", reject).on("error", () => undefined);
    const stream = accept();
    stream.on("error", () => undefined);
    stream.on("close", () => onward.destroy());
    onward.pipe(stream).pipe(onward);
  });
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

/** What a host answers to a script that `marked` made: what it printed, between its marks. */
export function answerScript(
  channel: ServerChannel,
  script: string,
  { stdout = "", stderr = "", exitCode = 0 }: { stdout?: string; stderr?: string; exitCode?: number },
): void {
  const [, marker = ""] = /echo (homelab-[0-9a-f]+);/.exec(script) ?? [];
  channel.write(`${marker}\n${stdout}${marker} ${exitCode}\n`);
  channel.stderr.write(`${marker}\n${stderr}`);
  channel.exit(exitCode);
  channel.end();
}
