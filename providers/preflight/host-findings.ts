import type { Gathering } from "../inspection/parse";
import { SUPPORTED, SUPPORTED_MACHINES, SUPPORTED_SYSTEMS } from "../../shell/script";
import { type Expectations, type Finding, type Role, words } from "./hosts";
import { neededOn, neededPorts, portText } from "./ports";

/** One host, and what is wanted of it. */
export interface LookedAtHost {
  name: string;
  gathering: Gathering;
  /** Left out: only what is asked of every host is judged. */
  role?: Role;
  /** What the inventory declares, where it does. */
  sharedKernel?: boolean;
  expected?: Expectations;
}

/** What kubeadm asks of a control plane (constants.go: ControlPlaneNumCPU, ControlPlaneMem). */
const CONTROL_PLANE_CPUS = 2;
const CONTROL_PLANE_MIB = 1700;
/** Less is not enough for the images of the control plane, containers, logs, and etcd's data. */
const LEAST_VAR_MIB = 4096;
/** The packages' programs, where /var is another file system. */
const LEAST_ROOT_MIB = 1024;

/** Everything for which nothing may be done on this host. Empty: it can be prepared. */
export function hostFindings(host: LookedAtHost): Finding[] {
  const rules = [system, size, disks, kernel, container, identity, packages, nameResolution, otherCluster, portsInUse];
  return rules.flatMap((rule) => rule(host)).map((finding) => ({ hosts: [host.name], ...finding }));
}

type Problem = Omit<Finding, "hosts">;

function system({ gathering: { facts } }: LookedAtHost): Problem[] {
  const problems: Problem[] = [];
  const name = `${facts.osId} ${facts.osVersion}`;
  const supported =
    (SUPPORTED_SYSTEMS as readonly string[]).includes(name) &&
    (SUPPORTED_MACHINES as readonly string[]).includes(facts.machine ?? "");
  if (!supported) {
    problems.push({ found: `${facts.osName || name} on ${facts.machine} is not supported`, fix: `use ${SUPPORTED}` });
  }
  if (facts.init !== "systemd") {
    problems.push({ found: `the first process is '${facts.init}'`, fix: "use a system that runs systemd" });
  }
  return problems;
}

function size({ role, expected, gathering: { facts } }: LookedAtHost): Problem[] {
  if (role !== "control-plane") return [];
  const [cpus, memory] = [Number(facts.cpus), Number(facts.memoryMiB)];
  const problems: Problem[] = [];
  if (cpus < CONTROL_PLANE_CPUS && !isIgnored(expected, "NumCPU")) {
    const found = `${cpus} CPU: a control plane needs ${CONTROL_PLANE_CPUS}`;
    problems.push({ found, fix: "give it more, make it a worker, or ignore kubeadm's check NumCPU" });
  }
  if (memory < CONTROL_PLANE_MIB && !isIgnored(expected, "Mem")) {
    const found = `${memory} MiB of memory: a control plane needs ${CONTROL_PLANE_MIB} MiB`;
    problems.push({ found, fix: "give it more, make it a worker, or ignore kubeadm's check Mem" });
  }
  return problems;
}

function isIgnored(expected: Expectations | undefined, check: string): boolean {
  const ignored = (expected?.ignored ?? []).map((name) => name.toLowerCase());
  return ignored.includes("all") || ignored.includes(check.toLowerCase());
}

function disks({ gathering: { facts } }: LookedAtHost): Problem[] {
  const [var_, root] = [Number(facts.varFreeMiB), Number(facts.rootFreeMiB)];
  const short = (path: string, free: number, least: number): Problem => ({
    found: `${path} has ${free} MiB free: at least ${least} MiB are needed`,
    fix: `make room, for example with 'sudo apt-get clean' and 'sudo journalctl --vacuum-size=100M', or enlarge ${path}`,
  });
  if (var_ < LEAST_VAR_MIB) return [short("/var", var_, LEAST_VAR_MIB)];
  return root < LEAST_ROOT_MIB ? [short("/", root, LEAST_ROOT_MIB)] : [];
}

function kernel({ sharedKernel, expected, gathering: { facts } }: LookedAtHost): Problem[] {
  const problems: Problem[] = [];
  const missing = words(facts.modules)
    .map((word) => word.split(":"))
    // What a container sees of another's kernel is little: the step that needs the modules looks again.
    .filter(([, state]) => state === "missing" && sharedKernel !== true && facts.container === "none")
    .map(([name]) => name);
  if (missing.length > 0) {
    problems.push({
      found: `kernel ${facts.kernel} has no module ${missing.join(", ")}, built in or to load`,
      fix: "install kmod and the kernel's modules (on Ubuntu linux-modules-extra); where the kernel was replaced since the last boot, reboot",
    });
  }
  if (facts.cgroupVersion === "1" && expected?.refusesCgroupV1) {
    problems.push({
      found: "the host uses cgroup v1, and kubelet refuses it",
      fix: "boot with systemd.unified_cgroup_hierarchy=1, or set homelab:cluster kubelet.failCgroupV1 to false",
    });
  }
  return problems;
}

function container({ sharedKernel, gathering: { facts } }: LookedAtHost): Problem[] {
  // systemd-detect-virt says "none" for a virtual machine too: it is asked for containers alone.
  const shared = facts.container !== "none" && facts.container !== "";
  if (sharedKernel === undefined || sharedKernel === shared) return [];
  const found = shared ? `it runs in a container (${facts.container})` : "it has a kernel of its own";
  return [
    {
      found: `the capability sharedKernel is declared as ${sharedKernel}, but ${found}`,
      fix: `set capabilities.sharedKernel to ${shared} under homelab:machines, or under this host in its nodes`,
    },
  ];
}

/** RFC 1123, of which Kubernetes' names are made; in capitals it does no harm, since nodes are named by the inventory. */
const HOSTNAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function identity({ name, gathering: { facts } }: LookedAtHost): Problem[] {
  const problems: Problem[] = [];
  if (!HOSTNAME.test(facts.hostname ?? "")) {
    const found = `the hostname '${facts.hostname ?? ""}' is none by RFC 1123 (letters, digits and hyphens)`;
    problems.push({ found, fix: `'sudo hostnamectl set-hostname ${name}'` });
  }
  if (!/^[0-9a-f]{32}$/.test(facts.machineId ?? "")) {
    const found = "/etc/machine-id holds no id";
    problems.push({ found, fix: "'sudo systemd-machine-id-setup', then reboot" });
  }
  return problems;
}

function packages({ gathering }: LookedAtHost): Problem[] {
  // What an interrupted run of this program left unfinished, its own steps finish.
  if (gathering.folder !== "") return [];
  const unfinished = words(gathering.facts.unfinishedPackages).map((word) => word.split(":").slice(1).join(":"));
  if (unfinished.length === 0) return [];
  const damaged = words(gathering.facts.unfinishedPackages).some((word) => /^(reinstreq|half-installed):/.test(word));
  return [
    {
      found: `dpkg was interrupted: ${some(unfinished)} ${unfinished.length === 1 ? "is" : "are"} half installed`,
      fix: `'sudo dpkg --configure -a'${damaged ? ` and 'sudo apt-get install --reinstall ${unfinished.slice(0, 5).join(" ")}'` : ""}; 'sudo dpkg --audit' must then print nothing`,
    },
  ];
}

const MOST_NAMED = 4;

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const LOOPBACK = /^(127\.|::1$)/;

/**
 * CoreDNS asks the servers that the pods get from the host's resolv.conf: one on loopback would be CoreDNS itself. With
 * systemd-resolved kubeadm gives the kubelets the file with the real servers.
 */
function nameResolution({ gathering: { facts } }: LookedAtHost): Problem[] {
  const resolved = facts.resolved === "active";
  const servers = words(resolved ? facts.resolvedNameservers : facts.nameservers).filter((one) => LOOPBACK.test(one));
  if (servers.length === 0) return [];
  const file = resolved ? "/run/systemd/resolve/resolv.conf" : "/etc/resolv.conf";
  return [
    {
      found: `name resolution would loop: ${file} names ${servers.join(", ")}, which in a pod is the pod`,
      fix: resolved
        ? "give systemd-resolved a real server: DNS= in /etc/systemd/resolved.conf"
        : "name a real server in /etc/resolv.conf, or turn systemd-resolved on",
    },
  ];
}

function otherCluster({ gathering: { facts } }: LookedAtHost): Problem[] {
  if (facts.kubeadm || !facts.kubernetesFile) return [];
  return [
    {
      found: `there is a Kubernetes node that this program did not make (${facts.kubernetesFile} exists)`,
      fix: "if it may go, 'sudo kubeadm reset' on the host; else take the host out of homelab:machines",
    },
  ];
}

function portsInUse({ role, expected, gathering: { facts } }: LookedAtHost): Problem[] {
  // Its own cluster, whole or half made, listens where it should.
  if (facts.kubeadm || facts.kubernetesFile) return [];
  const listening = words(facts.listening).map((word) => word.split(":"));
  return neededPorts(expected ?? EVERY_HOST)
    .filter((port) => neededOn(port, role) && !isIgnored(expected, `Port-${port.port}`))
    .flatMap((port) => {
      const holder = listening.find(([protocol, number]) => protocol === port.protocol && number === String(port.port));
      if (!holder) return [];
      const [, , pid, process] = holder;
      const by = pid ? `${process || "a process"} (process ${pid})` : "the kernel";
      const fix = pid
        ? `stop it: 'sudo systemctl status ${pid}' names its unit`
        : "remove the interface that uses it: 'ip -d link'";
      return [{ found: `port ${portText(port)} is in use by ${by}`, fix }];
    });
}

const EVERY_HOST = { apiPort: 6443, cilium: true, hubble: true };
