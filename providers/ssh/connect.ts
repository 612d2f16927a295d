import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { dial, PassingFailure } from "./dial";
import { HostError } from "./errors";
import { runOn } from "./run";
import type { ConnectLimits, SshSession, SshTarget } from "./target";

export type { ConnectLimits, RunOptions, RunResult, SshSession, SshTarget } from "./target";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
const WAIT_GROWTH = 1.6;
/** Each wait is up to so much shorter or longer, so that many dials do not fall on a host at the same moment. */
const JITTER = 0.3;

/**
 * Connects to a host, does some work there, and closes the connection again.
 *
 * A host that refuses, does not answer or hangs up early is dialled again, with growing waits, until the limit. A refused
 * login and a wrong host key are final at once. A connection that dies while the work goes on is found within 30 s.
 *
 * @param doing what is being done, for messages, as in "installing containerd"
 * @throws HostError
 */
export async function withSsh<T>(
  target: SshTarget,
  limits: ConnectLimits,
  doing: string,
  work: (session: SshSession) => Promise<T>,
): Promise<T> {
  refuseUnbuilt(target, doing);
  const client = await reach(target, limits, doing);
  let lose: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => (lose = reject));
  lost.catch(() => undefined);
  client.on("error", (error) => lose(connectionLost(target, doing, error.message)));
  client.on("close", () => lose(connectionLost(target, doing, "the host closed the connection")));
  try {
    const session: SshSession = {
      target,
      run: (command, options) => runOn(client, lost, target, doing, command, options),
    };
    return await Promise.race([work(session), lost]);
  } finally {
    client.removeAllListeners();
    client.on("error", () => undefined);
    client.end();
    // A host that is gone does not take leave; its socket must not keep the process alive.
    setTimeout(() => client.destroy(), 1_000).unref();
  }
}

async function reach(target: SshTarget, limits: ConnectLimits, doing: string): Promise<Client> {
  const deadline = Date.now() + limits.timeoutSeconds * 1000;
  let wait = FIRST_WAIT_MS;
  for (let dials = 1; ; dials++) {
    try {
      return await dial(target, doing, deadline - Date.now());
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error;
      const pause = wait * (1 + JITTER * (2 * Math.random() - 1));
      if (Date.now() + pause >= deadline) throw unreachable(target, limits, doing, dials, error);
      await sleep(pause);
      wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS);
    }
  }
}

function unreachable(target: SshTarget, limits: ConnectLimits, doing: string, dials: number, last: Error): HostError {
  const tries = dials === 1 ? "one try" : `${dials} tries`;
  return new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    why: `no SSH session with ${target.host}:${target.port} within ${limits.timeoutSeconds} s (${tries}, the last: ${last.message})`,
    next: "Is the host switched on, is the address right, does its SSH server run, and does no firewall stand between? Then run the same command again",
  });
}

function connectionLost(target: SshTarget, doing: string, why: string): HostError {
  return new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    why: `the connection to ${target.host}:${target.port} was lost: ${why}`,
    next: "Run the same command again: it goes on where this one stopped",
  });
}

function refuseUnbuilt(target: SshTarget, doing: string): void {
  const unbuilt = target.bastion ? "a bastion" : target.agent ? "an SSH agent" : undefined;
  if (!unbuilt) return;
  throw new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    why: `connections through ${unbuilt} are not supported yet`,
    next: "Use a private key and an address that this computer reaches directly",
  });
}
