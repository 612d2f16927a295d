import { openCommand } from "./firewall-commands";
import type { Finding } from "./hosts";
import { portText } from "./ports";
import type { Probe } from "./probe-plan";
import type { ProbeOutcome, ProbeReport } from "./probe-script";

const HOW: Readonly<Record<Exclude<ProbeOutcome, "ok">, string>> = {
  lost: "get no answer",
  refused: "are refused",
  unreachable: "find no way",
};

/**
 * What the probes say of the network between the hosts: one finding for each host that is not reached, and each set of
 * ports on which it is not. `reports`: by host; a host without one could not probe, which says nothing of the network. `factsOf`: of its firewall.
 */
export function reachFindings(
  plan: readonly Probe[],
  reports: ReadonlyMap<string, ProbeReport>,
  factsOf: (host: string) => Readonly<Record<string, string>> = () => ({}),
  addressOf: (host: string) => string = (name) => name,
): Finding[] {
  const failures = new Map<
    string,
    { from: string; to: string; outcome: Exclude<ProbeOutcome, "ok">; probes: Probe[] }
  >();
  for (const [index, probe] of plan.entries()) {
    const outcome = failureOf(index, probe, reports);
    if (!outcome) continue;
    const key = [probe.from, probe.to, outcome].join(" ");
    const failure = failures.get(key) ?? { from: probe.from, to: probe.to, outcome, probes: [] };
    failure.probes.push(probe);
    failures.set(key, failure);
  }
  const alike = new Map<string, Finding & { from: string[] }>();
  for (const { from, to, outcome, probes } of failures.values()) {
    const ports = probes.map(({ port }) => portText(port)).join(", ");
    const key = [to, outcome, ports].join(" ");
    const names = [...(alike.get(key)?.from ?? []), from];
    const numbers = probes.map(({ port }) => `${port.port}/${port.protocol}`).join(", ");
    alike.set(key, {
      hosts: [to],
      name: "firewall",
      from: names,
      problem: `packets from ${names.join(", ")} ${HOW[outcome]} at ${probes[0]?.address ?? ""} on ${ports}`,
      action: `let ${numbers} in from ${names.join(", ")}: ${howTo(factsOf(to), to, names.map(addressOf))}`,
    });
  }
  return [...alike.values()].map(({ hosts, name, problem, action }) => ({ hosts, name, problem, action }));
}

function howTo(facts: Readonly<Record<string, string>>, to: string, from: readonly string[]): string {
  return facts.firewallBy
    ? `on ${to} ${openCommand(facts, ["in"], from)}; if that changes nothing, a firewall between the hosts drops them`
    : `check the firewall of ${to} ('sudo nft list ruleset', 'sudo ufw status') and at any between the hosts`;
}

/** The probes that failed: those to try once more, in case that one host was late for the others. */
export function failedProbes(plan: readonly Probe[], reports: ReadonlyMap<string, ProbeReport>): Probe[] {
  return plan.filter((probe, index) => failureOf(index, probe, reports) !== undefined);
}

function failureOf(
  index: number,
  { from, to, port, answered }: Probe,
  reports: ReadonlyMap<string, ProbeReport>,
): Exclude<ProbeOutcome, "ok"> | undefined {
  const outcome = reports.get(from)?.outcomes.get(index);
  if (outcome === undefined || outcome === "ok") return undefined;
  if (!answered) return outcome === "refused" ? undefined : outcome;
  const other = reports.get(to);
  // A host that could not listen could not answer.
  return !other || other.unbound.has(`${port.protocol}:${port.port}`) ? undefined : outcome;
}
