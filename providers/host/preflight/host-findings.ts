import type { Finding, InspectedHost } from "./hosts";
import { machineProblems } from "./machine-findings";
import { softwareProblems } from "./software-findings";

/** Everything for which nothing may be done on this host. Empty: it can be prepared. */
export function hostFindings(host: InspectedHost): Finding[] {
  return [...machineProblems(host), ...softwareProblems(host)].map((problem) => ({ hosts: [host.name], ...problem }));
}
