import type { Diagnosis } from "../../diagnosis";
import type { Wanted } from "../inspection/wanted";
import type { HostReport } from "../inspection/parse";
import type { AcceptableName, FindingName } from "./finding-names";

/** What a host is for in the cluster. */
export type Role = "control-plane" | "worker";

/** A host as the settings say it. */
export interface PreflightHost {
  name: string;
  role: Role;
  /** IPv4 address of the node within the cluster. */
  address: string;
  /** Changes when the host is replaced. */
  incarnation: string;
  /** The host runs on another's kernel, and shows the other's hardware. */
  sharedKernel: boolean;
}

/** What the settings say of all hosts, as far as it decides what is a finding. */
export interface Expectations extends Wanted {
  /** Where people and nodes reach the API server, unless that is the address of the first control plane. */
  apiHost?: string;
  /** Port of the API server. */
  apiPort: number;
  /** Cilium, and with it Hubble, will be the network. */
  cilium: boolean;
  hubble: boolean;
  /** Of the cluster's own addresses, each with the setting that says it. */
  subnets: readonly { setting: string; subnet: string }[];
  /** Kubelet refuses hosts with cgroup v1. */
  refusesCgroupV1: boolean;
  /** kubeadm's own checks whose failure is a warning, as in "NumCPU"; "all" for every one. */
  ignored: readonly string[];
  /** Findings that are only a warning. */
  accepted: readonly AcceptableName[];
}

/** A problem of hosts that must be fixed, or accepted, before the first change. */
export interface Finding extends Problem {
  /** The hosts that have it: one, or those that share what must be unique; none: it is the workstation's. */
  hosts: readonly string[];
}

/** One host, and what is wanted of it. */
export interface InspectedHost {
  name: string;
  report: HostReport;
  /** Left out: only what is asked of every host is judged. */
  role?: Role;
  /** What the inventory declares, where it does. */
  sharedKernel?: boolean;
  expected?: Expectations;
}

/** A problem of one host, before it is said which. */
export interface Problem extends Omit<Diagnosis, "subject"> {
  /** Its kind: decides whether it can be accepted. */
  name: FindingName;
}

/** Whether the settings ignore one of kubeadm's own checks. */
export function isIgnored(expected: Expectations | undefined, check: string): boolean {
  const ignored = (expected?.ignored ?? []).map((name) => name.toLowerCase());
  return ignored.includes("all") || ignored.includes(check.toLowerCase());
}

/** What of a host stays the same, and has to be compared with that of hosts that come later. */
export interface LastingFacts {
  hostname: string;
  machineId: string;
  productUuid: string;
  /** Addresses of its network devices. */
  macs: string[];
  /** systemd-resolved answers its names. */
  resolved: boolean;
}

/** The lasting facts of a report. */
export function lastingFacts({ facts }: HostReport): LastingFacts {
  return {
    hostname: facts.hostname ?? "",
    machineId: facts.machineId ?? "",
    productUuid: (facts.productUuid ?? "").toLowerCase(),
    macs: words(facts.macs).filter((mac) => mac !== "00:00:00:00:00:00"),
    resolved: facts.resolved === "active",
  };
}

const MOST_NAMED = 4;

/** The first names of a list, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The words of a fact that is a list. */
export function words(fact: string | undefined): string[] {
  return (fact ?? "").split(" ").filter((word) => word !== "");
}
