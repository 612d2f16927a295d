import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { dial, type Link } from "./dial";
import { HOST_KEY_TYPE } from "./host-key";
import type { Bastion } from "./target";

/** A server whose host key is asked for. */
export interface ScannedServer {
  host: string;
  port: number;
  /** The way to it. The bastion's own key is pinned already, or nothing is sent through it. */
  bastion?: Bastion;
}

/** The key that a server shows, as it is on the wire, or why there is none. */
export type ScannedKey = { key: Buffer; problem?: undefined } | { key?: undefined; problem: string };

const DOING = "asking for host keys";

/**
 * Asks servers for their ed25519 host keys, side by side, without logging in to them. What is answered proves nothing: whoever
 * answers at the address can show a key of his own, so it has to be compared on the server's console.
 *
 * Each bastion is logged in to once. No server is waited for longer than the time limit, and none keeps the others from
 * answering.
 *
 * @param timeoutMs for each server, and for each bastion before it
 * @returns an answer for each server, in their order
 */
export async function scanHostKeys(servers: readonly ScannedServer[], timeoutMs = 15_000): Promise<ScannedKey[]> {
  const links = new Map<string, Promise<Link>>();
  const through = (bastion: Bastion): Promise<Link> => {
    const { user, host, port } = bastion;
    const name = `${user}@${host}:${port}`;
    const link = links.get(name) ?? dial(bastion, DOING, timeoutMs);
    links.set(name, link);
    return link;
  };
  const scan = async ({ host, port, bastion }: ScannedServer): Promise<ScannedKey> => {
    try {
      const link = bastion && (await through(bastion));
      const stream = link && (await inTime(tunnel(link.client, host, port), timeoutMs));
      return { key: await shownKey({ host, port }, stream, timeoutMs) };
    } catch (error) {
      return { problem: (error as Error).message };
    }
  };
  try {
    return await Promise.all(servers.map(scan));
  } finally {
    for (const link of await Promise.allSettled(links.values())) if (link.status === "fulfilled") link.value.close();
  }
}

function tunnel(bastion: Client, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) =>
    bastion.forwardOut("127.0.0.1", 0, host, port, (error, stream) =>
      error ? reject(new Error(`the bastion can't reach it: ${error.message}`)) : resolve(stream),
    ),
  );
}

/** The key of the handshake, which is then given up: no login follows, and sshd counts no failed login. */
async function shownKey(
  at: { host: string; port: number },
  stream: Duplex | undefined,
  timeoutMs: number,
): Promise<Buffer> {
  const client = new Client();
  const shown = new Promise<Buffer>((resolve, reject) => {
    client.on("error", (error) => reject(explained(error)));
    client.on("close", () => reject(new Error("it closed the connection before it showed a key")));
    client.connect({
      ...(stream ? { sock: stream } : at),
      username: "homelab-scan",
      authHandler: [],
      algorithms: { serverHostKey: [HOST_KEY_TYPE] },
      hostVerifier: (key: Buffer) => {
        resolve(key);
        return false;
      },
      readyTimeout: 0,
    });
  });
  try {
    return await inTime(shown, timeoutMs);
  } finally {
    client.removeAllListeners();
    client.on("error", () => undefined);
    client.destroy();
  }
}

function explained(error: Error & { level?: string }): Error {
  if (error.level !== "handshake" || !/host key/.test(error.message)) return error;
  return new Error(`it has no ${HOST_KEY_TYPE} host key; 'sudo ssh-keygen -A' there makes one`);
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.ceil(timeoutMs / 1000)} s`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
