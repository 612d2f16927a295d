import { SUPPORTED, SUPPORTED_MACHINES, SUPPORTED_SYSTEMS } from "../../shell/script";

/** What lasts of a host from one look to the next, unless it is upgraded. */
export interface HostFacts {
  osId: string;
  osVersion: string;
  architecture: string;
  kernel: string;
  hostname: string;
  machineId: string;
  cgroupVersion: number;
  cpus: number;
  /** "systemd-nspawn", "docker", …; "none" for a machine with a kernel of its own. */
  container: string;
  /** The host may lower a process's oom_score_adj (CAP_SYS_RESOURCE). */
  sysResource: boolean;
}

/** Less is not enough for the packages, the images of the control plane, and room to work. */
const LEAST_FREE_MIB = 4096;
/** Certificates and tokens are not valid yet, or no more, on a host whose clock is further off. */
const MOST_SKEW_SECONDS = 60;
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

export function hostFacts(facts: Readonly<Record<string, string>>): HostFacts {
  const text = (name: string) => facts[name] ?? "";
  return {
    osId: text("osId"),
    osVersion: text("osVersion"),
    architecture: ARCHITECTURES[text("machine")] ?? text("machine"),
    kernel: text("kernel"),
    hostname: text("hostname"),
    machineId: text("machineId"),
    cgroupVersion: Number(text("cgroupVersion")),
    cpus: Number(text("cpus")),
    container: text("container"),
    sysResource: text("sysResource") === "1",
  };
}

export interface Expectations {
  /** What the inventory declares, where it does. */
  sharedKernel?: boolean;
  /** Seconds since 1970, by the computer's clock. */
  now: number;
}

/** Everything for which nothing may be done on this host. Empty: it can be prepared. */
export function problemsOfHost(facts: Readonly<Record<string, string>>, expected: Expectations): string[] {
  const problems: string[] = [];
  const system = `${facts.osId} ${facts.osVersion}`;
  const supportedSystem = (SUPPORTED_SYSTEMS as readonly string[]).includes(system);
  const supportedMachine = (SUPPORTED_MACHINES as readonly string[]).includes(facts.machine ?? "");
  if (!supportedSystem || !supportedMachine) {
    problems.push(`${facts.osName || system} on ${facts.machine} is not supported: use ${SUPPORTED}`);
  }
  if (facts.init !== "systemd") problems.push(`its first process is '${facts.init}': systemd is needed`);
  const free = Number(facts.freeMiB);
  if (free < LEAST_FREE_MIB) problems.push(`/var has ${free} MiB free: at least ${LEAST_FREE_MIB} MiB are needed`);
  const skew = Math.round(Number(facts.time) - expected.now);
  if (Math.abs(skew) > MOST_SKEW_SECONDS) {
    const direction = skew > 0 ? "ahead of" : "behind";
    problems.push(`its clock is ${Math.abs(skew)} s ${direction} this computer's: set one of the two right, by NTP`);
  }
  // systemd-detect-virt says "none" for a virtual machine too: it is asked for containers alone.
  const shared = facts.container !== "none" && facts.container !== "";
  if (expected.sharedKernel !== undefined && expected.sharedKernel !== shared) {
    const found = shared ? `it runs in a container (${facts.container})` : "it has a kernel of its own";
    problems.push(
      `the capability sharedKernel is declared as ${expected.sharedKernel}, but ${found}: mend homelab:machines`,
    );
  }
  return problems;
}
