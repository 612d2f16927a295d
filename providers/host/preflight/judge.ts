import { HostError } from "../ssh/errors";
import { warn } from "../../warn";
import { acrossFindings, type KnownHost, otherMacs } from "./across-findings";
import { aptProblems } from "./apt-findings";
import { clockFindings } from "./clock";
import { containerdProblems } from "./containerd-findings";
import { type AcceptableName, meaningOfAccepting } from "./finding-names";
import {
  type Expectations,
  type Finding,
  type InspectedHost,
  type LastingFacts,
  lastingFacts,
  type PreflightHost,
} from "./hosts";
import type { Seen } from "./inspect-all";
import { machineProblems } from "./machine-findings";
import { reachFindings } from "./reach-findings";
import { softwareProblems } from "./software-findings";
import { findingsTable } from "./table";

/** What is known of all hosts when they have been inspected. */
export interface Checked extends Seen {
  /** In the order of the inventory. */
  hosts: readonly PreflightHost[];
  expected: Expectations;
  /** Hosts that were inspected in an earlier run, and not in this one. */
  known: ReadonlyMap<string, LastingFacts>;
  /** What keeps the workstation from the API server. */
  api: readonly Finding[];
}

/**
 * Throws where there are findings that aren't accepted, with one table of them all. Warns of those that are, and of hosts that
 * could not be reached.
 */
export function judge(checked: Checked): void {
  const findings = notAccepted(findingsOf(checked), checked.expected.accepted);
  if (findings.length > 0) throw new Error(refusal(findings, checked));
  for (const [name, { report }] of checked.inspected) {
    if (report.facts.aptHolder)
      warn(`${name}: the steps wait for process ${report.facts.aptHolder}, which is at work with apt`);
  }
  if (!checked.expected.accepted.includes("other-mac")) for (const text of otherMacs(knownHosts(checked))) warn(text);
  // Why it was not is in the error of its own inspection.
  for (const name of checked.unreached.keys()) warn(`${name}: not checked, and left out of this run`);
}

/** The findings that forbid any change; the others are accepted by name, and are warned of where nothing forbids it. */
export function notAccepted(findings: readonly Finding[], accepted: readonly AcceptableName[]): Finding[] {
  const isAccepted = ({ name }: Finding) => (accepted as readonly string[]).includes(name);
  const refused = findings.filter((finding) => !isAccepted(finding));
  if (refused.length > 0) return refused;
  for (const { hosts, name, problem } of findings) {
    warn(`${hosts.join(", ") || "workstation"}: ${problem}; accepted as ${name}: ${meaningOfAccepting(name)}`);
  }
  return [];
}

/** All that is wrong. */
export function findingsOf(checked: Checked): Finding[] {
  const { hosts, expected, inspected, refused, plan, reports, api } = checked;
  const own = hosts.flatMap((host) => {
    const found = inspected.get(host.name);
    return found ? hostFindings({ ...host, report: found.report, expected }) : [];
  });
  return [
    ...[...refused].map(asFinding),
    ...own,
    ...acrossFindings(knownHosts(checked)),
    ...clockFindings(new Map([...inspected].map(([name, found]) => [name, found.clockAheadSeconds]))),
    ...reachFindings(
      plan,
      reports,
      (name) => inspected.get(name)?.report.facts ?? {},
      (name) => hosts.find((host) => host.name === name)?.address ?? name,
    ),
    ...api,
  ];
}

function knownHosts({ hosts, inspected, known }: Checked): KnownHost[] {
  return hosts.flatMap(({ name, role, sharedKernel, address }): KnownHost[] => {
    const found = inspected.get(name);
    const facts = found ? lastingFacts(found.report, address) : known.get(name);
    return facts ? [{ name, role, sharedKernel, facts }] : [];
  });
}

/** Everything for which nothing may be done on this host. Empty: it can be prepared. */
export function hostFindings(host: InspectedHost): Finding[] {
  return [...machineProblems(host), ...aptProblems(host), ...containerdProblems(host), ...softwareProblems(host)].map(
    (problem) => ({
      hosts: [host.name],
      ...problem,
    }),
  );
}

function asFinding([host, failure]: [string, Error]): Finding {
  const parts = failure instanceof HostError ? failure : undefined;
  return {
    hosts: [host],
    name: "inspection",
    problem: parts?.problem ?? failure.message,
    action: parts?.action ?? "run the same command again",
  };
}

function refusal(findings: readonly Finding[], { hosts, unreached }: Checked): string {
  const names = hosts.map(({ name }) => name);
  const concerned = names.filter((name) => findings.some((finding) => finding.hosts.includes(name)));
  const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
  const also = [...unreached.values()].map(({ message }) => `Not checked: ${message}\n`).join("");
  return (
    `${concerned.join(", ") || "workstation"}: the preflight ended with ${count}. Nothing was changed on any host.\n\n` +
    `${findingsTable(findings, names)}\n\n${also}Fix what the table says and run the same command again.`
  );
}
