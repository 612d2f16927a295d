import { type Expectations, type PreflightHost, words } from "./hosts";
import { neededOn, type NeededPort, neededPorts } from "./ports";

/** A host that takes part in the probes. */
export interface ProbedHost extends PreflightHost {
  /** What listens there, as the inspection reports it; `undefined` for a host that is not connected to in this run. */
  listening?: string;
}

export interface Probe {
  from: string;
  to: string;
  /** IPv4 address of `to`. */
  address: string;
  port: NeededPort;
  /**
   * The other host listens for it, and answers. Otherwise others may listen there, or none: only a packet that is
   * lost on the way says something then.
   */
  answered: boolean;
}

/** Up to so many hosts each is probed from each; of more, the control planes and two neighbours in a ring are. */
const MOST_HOSTS_FOR_ALL_PAIRS = 10;

/**
 * Which host tries which port of which other. Hosts that are known from an earlier run don't listen, and are not
 * connected to: the new hosts try them, by TCP.
 */
export function probePlan(hosts: readonly ProbedHost[], expected: Expectations): Probe[] {
  const here = hosts.filter(({ listening }) => listening !== undefined);
  return here.flatMap((from) =>
    hosts
      .filter((to) => to !== from && isPair(hosts, from, to))
      .flatMap((to) =>
        neededPorts(expected)
          .filter((port) => neededOn(port, to.role) && (port.from === "all" || port.from === from.role))
          .map((port) => ({ from: from.name, to: to.name, address: to.address, port, answered: isFree(to, port) }))
          .filter(({ answered, port: { protocol } }) => answered || protocol === "tcp"),
      ),
  );
}

function isPair(hosts: readonly ProbedHost[], from: ProbedHost, to: ProbedHost): boolean {
  if (hosts.length <= MOST_HOSTS_FOR_ALL_PAIRS) return true;
  if (from.role === "control-plane" || to.role === "control-plane") return true;
  const distance = (hosts.indexOf(to) - hosts.indexOf(from) + hosts.length) % hosts.length;
  return distance === 1 || distance === 2;
}

function isFree({ listening }: ProbedHost, { protocol, port }: NeededPort): boolean {
  if (listening === undefined) return false;
  return !words(listening).some((word) => word.startsWith(`${protocol}:${port}:`));
}
