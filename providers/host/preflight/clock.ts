import type { Finding } from "./hosts";

/** Certificates and tokens are not valid yet, or no more, on a host whose clock is further off; etcd complains before. */
const MOST_SKEW_SECONDS = 30;

const SET_CLOCK = "turn NTP on: 'sudo timedatectl set-ntp true' (or install chrony), and see that 'timedatectl' agrees";

/** How far a host's clock is from the workstation's, where nothing else is there to compare it with. */
export function clockFinding(host: string, aheadSeconds: number): Finding[] {
  if (Math.abs(aheadSeconds) <= MOST_SKEW_SECONDS) return [];
  return [
    {
      hosts: [host],
      name: "clock",
      problem: `the clock is ${apart(aheadSeconds)} the workstation's`,
      action: `on whichever is wrong, ${SET_CLOCK}`,
    },
  ];
}

/**
 * Clocks that are away from most others'. `ahead`: by host, how far its clock is ahead of the workstation's, in seconds. Of
 * an even number of hosts no one is in the middle: then the workstation's clock counts too.
 */
export function clockFindings(ahead: ReadonlyMap<string, number>): Finding[] {
  const [only, ...more] = ahead;
  if (!only) return [];
  if (more.length === 0) return clockFinding(...only);
  const middle = median([...ahead.values(), ...(ahead.size % 2 === 0 ? [0] : [])]);
  const findings: Finding[] = [];
  for (const [host, seconds] of ahead) {
    if (Math.abs(seconds - middle) <= MOST_SKEW_SECONDS) continue;
    findings.push({
      hosts: [host],
      name: "clock",
      problem: `the clock is ${apart(seconds - middle)} most others'`,
      action: SET_CLOCK,
    });
  }
  if (Math.abs(middle) > MOST_SKEW_SECONDS) {
    const problem = `the clock of the workstation, which runs pulumi, is ${apart(-middle)} most hosts'`;
    findings.push({
      hosts: [],
      name: "clock",
      problem,
      action: "set it right; certificates would seem expired, or not valid yet",
    });
  }
  return findings;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function apart(seconds: number): string {
  return `${Math.round(Math.abs(seconds))} s ${seconds > 0 ? "ahead of" : "behind"}`;
}
