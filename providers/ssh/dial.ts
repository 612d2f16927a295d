import { Client, type ParsedKey, type PublicKeyAuthMethod, utils } from "ssh2";
import { HostError } from "./errors";
import { fingerprint, HOST_KEY_TYPE, parseHostKey, sameHostKey } from "./host-key";
import type { SshTarget } from "./target";

/** A dead link is found after KEEPALIVE_INTERVAL_MS × (UNANSWERED_KEEPALIVES + 1) = 30 s: ssh2 gives up one interval after
 *  the last of them. */
const KEEPALIVE_INTERVAL_MS = 10_000;
const UNANSWERED_KEEPALIVES = 2;

/** Longest wait for one connection from the first packet to the accepted key. A busy host with one core needs seconds. */
const DIAL_TIMEOUT_MS = 15_000;

/** A dial that failed for a reason that may pass: nothing listens yet, the network is slow, sshd has its hands full. */
export class PassingFailure extends Error {}

/**
 * Opens one connection and makes exactly one attempt to log in.
 *
 * @throws PassingFailure where another dial may do better, HostError where none will.
 */
export async function dial(target: SshTarget, doing: string, remainingMs: number): Promise<Client> {
  const pinned = pinnedKey(target, doing);
  const key = privateKey(target, doing);
  const client = new Client();
  const seen: Seen = {};
  const timeoutMs = Math.max(1, Math.min(DIAL_TIMEOUT_MS, remainingMs));
  return new Promise<Client>((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      client.removeAllListeners();
      // What a dying connection has to say after this is of no interest, and must not end the process.
      client.on("error", () => undefined);
      client.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new PassingFailure(`no answer within ${Math.ceil(timeoutMs / 1000)} s`)),
      timeoutMs,
    );
    client.on("banner", (text) => (seen.banner = text.trim()));
    client.on("error", (error) => fail(classify(error, target, doing, seen, pinned)));
    client.on("close", () => fail(new PassingFailure(closedEarly(seen))));
    client.on("ready", () => {
      clearTimeout(timer);
      client.removeAllListeners();
      // Until the caller listens: an error that nobody hears would end the process.
      client.on("error", () => undefined);
      resolve(client);
    });
    // One method, one key, one attempt: servers count failed logins and shut out those who make many.
    const login: PublicKeyAuthMethod = { type: "publickey", username: target.user, key };
    client.connect({
      host: target.host,
      port: target.port,
      username: target.user,
      authHandler: [login],
      algorithms: { serverHostKey: [HOST_KEY_TYPE] },
      hostVerifier: (offered: Buffer) => sameHostKey((seen.offered = offered), pinned),
      keepaliveInterval: KEEPALIVE_INTERVAL_MS,
      keepaliveCountMax: UNANSWERED_KEEPALIVES,
      readyTimeout: 0,
    });
  });
}

/** What a connection showed of itself before it failed. */
interface Seen {
  offered?: Buffer;
  /** What the server says to one who logs in, as in "System is booting up". */
  banner?: string;
}

function pinnedKey(target: SshTarget, doing: string): Buffer {
  try {
    return parseHostKey(target.hostKey);
  } catch (error) {
    throw new HostError({
      kind: "host-key",
      host: target.name,
      doing,
      why: `its pinned host key can't be read: ${(error as Error).message}`,
      next: `Pin what /etc/ssh/ssh_host_ed25519_key.pub on ${target.name} says; nothing was sent to the host`,
    });
  }
}

function privateKey(target: SshTarget, doing: string): ParsedKey {
  const key = utils.parseKey(target.privateKey ?? "");
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  throw new HostError({
    kind: "authentication",
    host: target.name,
    doing,
    // ssh2's text names the problem (wrong format, a passphrase), never the key.
    why: `the private key can't be used: ${key instanceof Error ? key.message : "it is a public key"}`,
    next: "Give an OpenSSH private key without a passphrase",
  });
}

function classify(
  error: Error & { level?: string },
  target: SshTarget,
  doing: string,
  seen: Seen,
  pinned: Buffer,
): Error {
  const at = `${target.host}:${target.port}`;
  const about = { host: target.name, doing };
  if (seen.offered && !sameHostKey(seen.offered, pinned)) {
    return new HostError({
      ...about,
      kind: "host-key",
      why: `${at} shows the host key ${fingerprint(seen.offered)}, and ${fingerprint(pinned)} is pinned`,
      next: "If the host was installed anew, compare the new key on the host itself and pin it; if not, somebody else answers there. Nothing was sent",
    });
  }
  if (error.level === "handshake" && /host key/.test(error.message)) {
    return new HostError({
      ...about,
      kind: "host-key",
      why: `${at} has no ${HOST_KEY_TYPE} host key`,
      next: "Make one on the host with 'sudo ssh-keygen -A', restart its SSH server, and pin /etc/ssh/ssh_host_ed25519_key.pub",
    });
  }
  if (error.level === "client-authentication") {
    return new HostError({
      ...about,
      kind: "authentication",
      why: `${at} refused the key of user '${target.user}'`,
      next: `Put the public key into ~${target.user}/.ssh/authorized_keys on the host. It was tried once, and is not tried again`,
    });
  }
  return new PassingFailure(seen.banner ? `${error.message} (the host says: ${seen.banner})` : error.message);
}

function closedEarly(seen: Seen): string {
  if (seen.banner) return `the host closed the connection: ${seen.banner}`;
  return seen.offered ? "the host closed the connection during the login" : "the host closed the connection at once";
}
