import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import { type AgentInboundRequest, AgentProtocol, type ParsedKey, type SigningRequestOptions } from "ssh2";
import type { OneKey } from "./agent";

/** Makes the agent when it is first asked for. It may fail, and is then asked again by the next connection. */
type FindAgent = () => Promise<OneKey>;

/**
 * An SSH agent at a socket of its own, which has one key, for programs that offer every key that they find.
 * It doesn't keep the process alive, and takes the place of a socket that a killed process left behind.
 *
 * @param socket relative to the working directory; the kernel takes at most 107 bytes
 * @param failed told why, when the agent behind it can't be used
 * @returns closes it and removes the socket
 */
export async function serveAgent(socket: string, find: FindAgent, failed: (error: Error) => void): Promise<() => void> {
  const folder = path.dirname(socket);
  // The folder is what keeps others out: the socket has its own mode only a moment after it is there.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await rm(socket, { force: true });
  const server = createServer((connection) => serve(connection.unref(), find, failed)).unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  return () => server.close();
}

function serve(connection: Socket, find: FindAgent, failed: (error: Error) => void): void {
  const protocol = new AgentProtocol(false);
  let found: Promise<OneKey> | undefined;
  const agent = (): Promise<OneKey> => (found ??= find());
  const refuse = (request: AgentInboundRequest) => (error: Error) => {
    failed(error);
    protocol.failureReply(request);
  };
  protocol.on("error", () => connection.destroy());
  connection.on("error", () => protocol.destroy());
  protocol.on("identities", (request: AgentInboundRequest) => {
    agent().then(({ key }) => protocol.getIdentitiesReply(request, [key]), refuse(request));
  });
  protocol.on("sign", (request: AgentInboundRequest, key: ParsedKey, data: Buffer, options: SigningRequestOptions) => {
    agent()
      .then((one) => signed(one, key, data, options))
      .then((signature) => protocol.signReply(request, signature), refuse(request));
  });
  connection.pipe(protocol).pipe(connection);
}

function signed(agent: OneKey, key: ParsedKey, data: Buffer, options: SigningRequestOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.sign(key, data, options, (error, signature) => {
      if (error || !signature) reject(error ?? new Error("it answered without a signature"));
      else resolve(signature);
    });
  });
}
