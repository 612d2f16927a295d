import { readShell } from "../shell/library";
import { quote } from "../shell/quote";
import type { Probe } from "./probe-plan";

/** The probes end when all have answered, or after this time. In seconds. */
export const PROBE_SECONDS = 4;

/** What one probe showed: `ok`, or how it failed. */
export type ProbeOutcome = "ok" | "refused" | "unreachable" | "lost";

export interface ProbeReport {
  /** By number of the probe in the plan. */
  outcomes: ReadonlyMap<number, ProbeOutcome>;
  /** Ports on which the host could not listen, as in "tcp:6443". */
  unbound: ReadonlySet<string>;
}

/**
 * The script of one host's part of the plan, as root, for `bash -s`. One perl process listens on the host's ports and
 * connects to those of the others at the same time; it needs nothing but Perl's base, leaves nothing behind, and ends by
 * itself. Lines of its answer begin with the marker, and so do the packets: all hosts get the same one.
 *
 * A TCP probe that is answered sends its number, so that the listener knows when all have come; a probe that finds
 * another program's server ("touch") sends nothing. A UDP probe is answered with the same number. Whoever is refused tries
 * again: the other host may listen a moment later.
 */
export function probeScript(host: string, plan: readonly Probe[], marker: string): string {
  const incoming = plan.filter(({ to, answered }) => to === host && answered);
  const awaited = new Map<string, number>();
  for (const { port } of incoming) {
    const name = `${port.protocol}:${port.port}`;
    awaited.set(name, (awaited.get(name) ?? 0) + 1);
  }
  const words = [
    ...[...awaited].map(([port, count]) => `listen:${port}:${count}`),
    ...plan.flatMap((probe, index) => {
      const { port, address, answered } = probe;
      if (probe.from !== host) return [];
      return [`${answered ? "probe" : "touch"}:${port.protocol}:${port.port}:${address}:${index}`];
    }),
  ];
  return [
    "export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `exec perl - ${[marker, String(PROBE_SECONDS), ...words].map(quote).join(" ")} <<'PROBE'`,
    readShell(__dirname, "probe.pl").trimEnd(),
    "PROBE",
    "",
  ].join("\n");
}

/** Reads the answer of a host. Lines without the marker are others'. */
export function parseProbes(output: string, marker: string): ProbeReport {
  const outcomes = new Map<number, ProbeOutcome>();
  const unbound = new Set<string>();
  for (const line of output.split("\n")) {
    const [mark, tag, what = "", how = ""] = line.split(" ");
    if (mark !== marker) continue;
    if (tag === "unbound") unbound.add(what);
    else if (tag === "probe") outcomes.set(Number(what), how as ProbeOutcome);
  }
  return { outcomes, unbound };
}
