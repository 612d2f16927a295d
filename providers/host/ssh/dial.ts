import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { type About, HostError } from "./errors";
import { HOST_KEY_TYPE, parseHostKey, sameHostKey } from "./host-key";
import { loginMethod } from "./login";
import { classify, closedEarly, CutShort, type Destination, notForwarded, PassingFailure, type Seen } from "./refusal";
import type { Bastion, SshTarget } from "./target";

/** A dead link is found after KEEPALIVE_INTERVAL_MS × (UNANSWERED_KEEPALIVES + 1) = 30 s: ssh2 gives up one interval after
 *  the last of them. */
const KEEPALIVE_INTERVAL_MS = 10_000;
const UNANSWERED_KEEPALIVES = 2;

/** Longest wait for one connection from the first packet to the accepted key. A busy host with one core needs seconds. */
const DIAL_TIMEOUT_MS = 15_000;

/** An open connection, and what closes it together with the one to the bastion. */
export interface Link {
  client: Client;
  close: () => void;
}

/**
 * Opens one connection, through the bastion where there is one, and makes exactly one attempt to log in at each.
 *
 * @throws PassingFailure where another dial may do better, HostError where none will.
 */
export async function dial(target: SshTarget, doing: string, remainingMs: number): Promise<Link> {
  const deadline = Date.now() + remainingMs;
  const about = { host: target.name, doing };
  const host = destination(target, about, "");
  if (!target.bastion) return linkOf(await connect(target, host, deadline));
  const through = destination(target.bastion, about, "its bastion ");
  const bastion = await connect(target.bastion, through, deadline);
  try {
    const stream = await forwarded(bastion, through, target, deadline);
    return linkOf(await connect(target, host, deadline, stream), bastion);
  } catch (error) {
    linkOf(bastion).close();
    throw error;
  }
}

function destination(server: SshTarget | Bastion, about: About, what: string): Destination {
  const at = `${what}${server.host}:${server.port}`;
  const passing = what === "" ? "" : `${at}: `;
  return { about, at, passing, user: server.user, pinned: pinnedKey(server, about, at) };
}

/** Closes in order: the host's goodbye goes through the bastion. */
function linkOf(...clients: [Client, ...Client[]]): Link {
  const close = (): void => {
    for (const client of clients) {
      client.removeAllListeners();
      // What a dying connection has to say is of no interest, and must not end the process.
      client.on("error", () => undefined);
      client.end();
    }
    // A host that is gone does not take leave; its socket must not keep the process alive.
    setTimeout(() => clients.forEach((client) => client.destroy()), 1_000).unref();
  };
  return { client: clients[0], close };
}

async function connect(server: SshTarget | Bastion, to: Destination, deadline: number, sock?: Duplex): Promise<Client> {
  const login = await loginMethod(server, to.about, to.at);
  const client = new Client();
  const seen: Seen = {};
  const connected = new Promise<void>((resolve, reject) => {
    client.on("banner", (text) => (seen.banner = text.trim()));
    client.on("error", (error) => reject(classify(error, to, seen)));
    client.on("close", () => reject(closedEarly(to, seen)));
    client.on("ready", resolve);
    client.connect({
      ...(sock ? { sock } : { host: server.host, port: server.port }),
      username: server.user,
      authHandler: [login],
      algorithms: { serverHostKey: [HOST_KEY_TYPE] },
      hostVerifier: (offered: Buffer) => sameHostKey((seen.offered = offered), to.pinned),
      keepaliveInterval: KEEPALIVE_INTERVAL_MS,
      keepaliveCountMax: UNANSWERED_KEEPALIVES,
      readyTimeout: 0,
    });
  });
  try {
    await inTime(connected, to.passing, deadline);
  } catch (error) {
    client.removeAllListeners();
    client.on("error", () => undefined);
    client.destroy();
    throw error;
  }
  client.removeAllListeners();
  // Until the caller listens: an unheard error would end the process.
  client.on("error", () => undefined);
  return client;
}

/** The bastion's stream to the host. */
function forwarded(bastion: Client, through: Destination, target: SshTarget, deadline: number): Promise<Duplex> {
  const host = `${target.host}:${target.port}`;
  const opened = new Promise<Duplex>((resolve, reject) => {
    bastion.on("close", () => reject(new PassingFailure(`${through.at} closed the connection`)));
    bastion.forwardOut("127.0.0.1", 0, target.host, target.port, (error, stream) => {
      if (error) reject(notForwarded(error, through, host));
      else resolve(stream);
    });
  });
  return inTime(opened, `${through.at} to ${host}: `, deadline);
}

async function inTime<T>(work: Promise<T>, passing: string, deadline: number): Promise<T> {
  const timeoutMs = Math.max(1, Math.min(DIAL_TIMEOUT_MS, deadline - Date.now()));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const Failure = timeoutMs < DIAL_TIMEOUT_MS ? CutShort : PassingFailure;
    const failure = new Failure(`${passing}no answer within ${Math.ceil(timeoutMs / 1000)} s`);
    timer = setTimeout(() => reject(failure), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

function pinnedKey(server: SshTarget | Bastion, about: About, at: string): Buffer {
  try {
    return parseHostKey(server.hostKey);
  } catch (error) {
    throw new HostError({
      ...about,
      kind: "host-key",
      problem: `the pinned host key of ${at} can't be read: ${(error as Error).message}`,
      action: "Pin what /etc/ssh/ssh_host_ed25519_key.pub on that host says; nothing was sent to it",
    });
  }
}
