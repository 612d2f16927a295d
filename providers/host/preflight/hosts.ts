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
  /** Kernel modules that its steps load, beside those of every node. */
  modules?: readonly string[];
}

/** Where a shared kernel's modules are loaded and its sysctls are set. */
export const ON_OWNER =
  "on the host that lends the kernel (Proxmox or whatever runs the container; in the lab the workstation)";

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
  /** As the inventory says it. Left out: it isn't judged. */
  address?: string;
  modules?: readonly string[];
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
  /** MAC of the device that has the node's address; of hosts that were checked by earlier versions, of all devices. */
  macs: string[];
  /** MACs of its other devices. */
  otherMacs?: string[];
  /** systemd-resolved answers its names. */
  resolved: boolean;
}

/** The lasting facts of a report. `address`: the node's. */
export function lastingFacts({ facts }: HostReport, address: string): LastingFacts {
  const device = addressesOf(facts).find((one) => one.address === address)?.device;
  const macs = words(facts.deviceMacs)
    .map((word) => word.split(/=(.*)/))
    .map(([name, mac = ""]) => ({ name, mac: mac.toLowerCase() }))
    .filter(({ mac }) => /^[0-9a-f:]{17}$/.test(mac) && mac !== "00:00:00:00:00:00");
  return {
    hostname: facts.hostname ?? "",
    machineId: facts.machineId ?? "",
    productUuid: ownUuid(facts.productUuid ?? ""),
    macs: macs.filter(({ name }) => name === device).map(({ mac }) => mac),
    otherMacs: [...new Set(macs.filter(({ name }) => name !== device).map(({ mac }) => mac))],
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

/** The host's IPv4 addresses, but loopback's. `device`: empty where the host has no program that tells. */
export function addressesOf(
  facts: Readonly<Record<string, string>>,
): { device: string; address: string; cidr: string }[] {
  return words(facts.addresses).flatMap((word) => {
    const [, device = "", cidr] = /^(.*):([^:]*)$/.exec(word) ?? [];
    return cidr === undefined ? [] : [{ device, cidr, address: cidr.replace(/\/.*/, "") }];
  });
}

/**
 * What boards show that have no UUID of their own: many hosts have the same. As fwupd, systemd and makers of mini PCs know them; see
 * also siderolabs/talos#7694.
 */
const PLACEHOLDER_UUIDS: ReadonlySet<string> = new Set([
  "00020003-0004-0005-0006-000700080009",
  "01010101-0101-0101-0101-010101010101",
  "01020304-0506-0708-090a-0b0c0d0e0f10",
  "02000300-0400-0500-0006-000700080009",
  "03000200-0400-0500-0006-000700080009",
  "11111111-2222-3333-4444-555555555555",
  "12345678-1234-1234-1234-123456789012",
  "12345678-1234-5678-90ab-cddeefaabbcc",
  "12345678-90ab-cdef-1234-567890abcdef",
  "87654321-4321-4321-4321-cba987654321",
  "8a95d198-7f46-11e5-bf8b-08002704d48e",
  "fefefefe-fefe-fefe-fefe-fefefefefefe",
]);

/** A host's own UUID; empty where its board has none. */
function ownUuid(productUuid: string): string {
  const uuid = productUuid.trim().toLowerCase();
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid);
  const oneDigit = new Set(uuid.replaceAll("-", "")).size === 1;
  return !isUuid || oneDigit || PLACEHOLDER_UUIDS.has(uuid) ? "" : uuid;
}
