import { createServer, type Socket } from "node:net";
import { type AgentInboundRequest, AgentProtocol, type ParsedKey, type SigningRequestOptions, utils } from "ssh2";
import type { KeyPair } from "../../../providers/machines/ssh-key/key-pair";

export interface TestAgent {
  close(): Promise<void>;
  /** How often it was asked for its keys. */
  asked(): number;
}

/** An SSH agent in this process: ssh2's protocol over a unix socket. It signs only where it is not `locked`. */
export async function startAgent(
  socket: string,
  keys: KeyPair[],
  options: { locked?: boolean } = {},
): Promise<TestAgent> {
  const parsed = keys.map(({ private: text }) => parse(text));
  const connections = new Set<Socket>();
  let asked = 0;
  const server = createServer((connection) => {
    connections.add(connection);
    const protocol = new AgentProtocol(false);
    protocol.on("identities", (request: AgentInboundRequest) => {
      asked++;
      protocol.getIdentitiesReply(request, parsed);
    });
    protocol.on(
      "sign",
      (request: AgentInboundRequest, key: ParsedKey, data: Buffer, { hash }: SigningRequestOptions) => {
        const own = parsed.find((each) => each.getPublicSSH().equals(key.getPublicSSH()));
        if (!own || options.locked) protocol.failureReply(request);
        else protocol.signReply(request, own.sign(data, hash));
      },
    );
    connection.on("error", () => undefined);
    connection.pipe(protocol).pipe(connection);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    asked: () => asked,
    close: async () => {
      connections.forEach((connection) => connection.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parse(text: string): ParsedKey {
  const key = utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}
