import { setTimeout as sleep } from "node:timers/promises";
import type { Link } from "./dial";
import { HostError } from "./errors";
import { CutShort, PassingFailure } from "./refusal";
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
 * A host that refuses, does not answer or hangs up early is tried again, with growing waits, until the limit. A refused
 * login and a wrong host key are final at once, at the host and at its bastion. A connection that dies while the work goes on is found within 30 s.
 *
 * @param limits how long to try; the target's own `connectTimeoutSeconds` goes before it
 * @param doing what is being done, for messages, as in "installing containerd"
 * @throws HostError
 */
export async function withSsh<T>(
  target: SshTarget,
  limits: ConnectLimits,
  doing: string,
  work: (session: SshSession) => Promise<T>,
): Promise<T> {
  const { client, close } = await reach(target, target.connectTimeoutSeconds ?? limits.timeoutSeconds, doing);
  let lose: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => (lose = reject));
  lost.catch(() => undefined);
  client.on("error", (error) => lose(connectionLost(target, doing, error.message)));
  client.on("close", () => lose(connectionLost(target, doing, "the host closed the connection")));
  try {
    const session: SshSession = {
      target,
      doing,
      run: (command, options) => runOn(client, lost, target, doing, command, options),
    };
    return await Promise.race([work(session), lost]);
  } finally {
    close();
  }
}

async function reach(target: SshTarget, timeoutSeconds: number, doing: string): Promise<Link> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let wait = FIRST_WAIT_MS;
  let last: PassingFailure | undefined;
  for (let dials = 1; ; dials++) {
    try {
      return await loadDial()(target, doing, deadline - Date.now());
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error;
      if (!last || !(error instanceof CutShort)) last = error;
      const pause = wait * (1 + JITTER * (2 * Math.random() - 1));
      if (Date.now() + pause >= deadline) throw unreachable(target, timeoutSeconds, doing, dials, last);
      await sleep(pause);
      wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS);
    }
  }
}

/** ssh2 takes a while to load, and a preview without a change connects to nothing. */
function loadDial(): typeof import("./dial").dial {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require("./dial") as typeof import("./dial")).dial;
}

function unreachable(target: SshTarget, timeoutSeconds: number, doing: string, dials: number, last: Error): HostError {
  const tries = dials === 1 ? "one try" : `${dials} tries`;
  return new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    problem: `no SSH session with ${wayTo(target)} within ${timeoutSeconds} s (${tries}, the last: ${last.message})`,
    action:
      "Is the host switched on, is the address right, does its SSH server run, and does no firewall stand between? Then run the same command again; to go on without it, take it out of homelab:machines",
  });
}

function wayTo({ host, port, bastion }: SshTarget): string {
  return `${host}:${port}${bastion ? ` through its bastion ${bastion.host}:${bastion.port}` : ""}`;
}

function connectionLost(target: SshTarget, doing: string, problem: string): HostError {
  return new HostError({
    kind: "unreachable",
    host: target.name,
    doing,
    problem: `the connection to ${wayTo(target)} was lost: ${problem}`,
    action: "Run the same command again: it goes on where this one stopped",
  });
}
