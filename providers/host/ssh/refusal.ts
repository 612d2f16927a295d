import { type About, HostError } from "./errors";
import { fingerprint, HOST_KEY_TYPE, sameHostKey } from "./host-key";

/** The server that a connection is made to. */
export interface Destination {
  about: About;
  /** As errors name it: "10.0.0.11:22" or "its bastion 10.0.0.1:22". */
  at: string;
  /** What failures that may pass begin with, where the server isn't clear. */
  passing: string;
  user: string;
  pinned: Buffer;
}

/** A dial that failed for a reason that may pass: nothing listens yet, the network is slow, sshd has its hands full. */
export class PassingFailure extends Error {}

/** One that says little: the dial was ended because the time for all of them is over. */
export class CutShort extends PassingFailure {}

/** What a connection showed of itself before it failed. */
export interface Seen {
  offered?: Buffer;
  /** What the server says to one who logs in, as in "System is booting up". */
  banner?: string;
}

/** What ssh2's error means: a HostError where no other dial can do better, else a PassingFailure. */
export function classify(error: Error & { level?: string }, to: Destination, seen: Seen): Error {
  const { about, at, pinned, user } = to;
  if (seen.offered && !sameHostKey(seen.offered, pinned)) {
    return new HostError({
      ...about,
      kind: "host-key",
      problem: `${at} shows the host key ${fingerprint(seen.offered)}, and ${fingerprint(pinned)} is pinned`,
      action:
        "If the host was installed again, compare the new key on the host itself and pin it; if not, another machine answers there. Nothing was sent",
    });
  }
  if (error.level === "handshake" && /host key/.test(error.message)) {
    return new HostError({
      ...about,
      kind: "host-key",
      problem: `${at} has no ${HOST_KEY_TYPE} host key`,
      action:
        "Make one on the host with 'sudo ssh-keygen -A', restart its SSH server, and pin /etc/ssh/ssh_host_ed25519_key.pub",
    });
  }
  if (error.level === "client-authentication") {
    return new HostError({
      ...about,
      kind: "authentication",
      problem: `${at} refused the key of user '${user}'`,
      action: `Put the public key into ~${user}/.ssh/authorized_keys on the host. It was tried once, and is not tried again`,
    });
  }
  if (error.level === "agent") {
    return new HostError({
      ...about,
      kind: "authentication",
      problem: `the SSH agent did not sign the login of user '${user}' at ${at}: ${error.message}`,
      action:
        "Is the agent locked ('ssh-add -X'), or was its question answered with no? Then run the same command again",
    });
  }
  return new PassingFailure(`${to.passing}${withBanner(error.message, seen)}`);
}

function withBanner(message: string, seen: Seen): string {
  return seen.banner ? `${message} (the host says: ${seen.banner})` : message;
}

/** A connection that was closed before a word of why. */
export function closedEarly(to: Destination, seen: Seen): PassingFailure {
  const how = seen.banner ? `: ${seen.banner}` : seen.offered ? " during the login" : " at once";
  return new PassingFailure(`${to.passing}the host closed the connection${how}`);
}

/** CHANNEL_OPEN_FAILURE's reason where the server forbids forwarding (RFC 4254, 5.1). */
const PROHIBITED = 1;

/** Why a bastion did not open the way to the host. */
export function notForwarded(error: Error & { reason?: number | string }, bastion: Destination, host: string): Error {
  if (error.reason !== PROHIBITED) {
    return new PassingFailure(`${bastion.at} does not reach ${host}: ${error.message}`);
  }
  return new HostError({
    ...bastion.about,
    kind: "authentication",
    problem: `${bastion.at} does not let user '${bastion.user}' through to ${host} (${error.message})`,
    action:
      "Allow it in the bastion's sshd_config (AllowTcpForwarding, PermitOpen) and in the key's options there (no restrict, no no-port-forwarding)",
  });
}
