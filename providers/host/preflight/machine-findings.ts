import { controlPlaneMinimum } from "../../../versions";
import { SUPPORTED, SUPPORTED_MACHINES, SUPPORTED_SYSTEMS } from "../shell/library";
import { isIgnored, type InspectedHost, type Problem, words } from "./hosts";

/** Less is not enough for the images of the control plane, containers, logs, and etcd's data. */
const LEAST_VAR_MIB = 4096;
/** The packages' programs, where /var is another file system. */
const LEAST_ROOT_MIB = 1024;

/** What a host's machine, kernel and operating system can't do. */
export function machineProblems(host: InspectedHost): Problem[] {
  return [system, size, disks, kernel, container].flatMap((rule) => rule(host));
}

function system({ report: { facts } }: InspectedHost): Problem[] {
  const problems: Problem[] = [];
  const name = `${facts.osId} ${facts.osVersion}`;
  const supported =
    (SUPPORTED_SYSTEMS as readonly string[]).includes(name) &&
    (SUPPORTED_MACHINES as readonly string[]).includes(facts.machine ?? "");
  if (!supported) {
    problems.push({
      name: "unsupported-system",
      problem: `${facts.osName || name} on ${facts.machine} is not supported`,
      action: `use ${SUPPORTED}`,
    });
  }
  if (facts.init !== "systemd") {
    problems.push({
      name: "no-systemd",
      problem: `the first process is '${facts.init}'`,
      action: "use a system that runs systemd",
    });
  }
  return problems;
}

function size({ role, expected, report: { facts } }: InspectedHost): Problem[] {
  if (role !== "control-plane") return [];
  const [cpus, memory] = [Number(facts.cpus), Number(facts.memoryMiB)];
  const problems: Problem[] = [];
  if (cpus < controlPlaneMinimum.cpus && !isIgnored(expected, "NumCPU")) {
    const problem = `${cpus} CPU: a control plane needs ${controlPlaneMinimum.cpus}`;
    problems.push({
      name: "few-cpus",
      problem,
      action: "give it more, make it a worker, or ignore kubeadm's check NumCPU",
    });
  }
  if (memory < controlPlaneMinimum.memoryMiB && !isIgnored(expected, "Mem")) {
    const problem = `${memory} MiB of memory: a control plane needs ${controlPlaneMinimum.memoryMiB} MiB`;
    problems.push({
      name: "little-memory",
      problem,
      action: "give it more, make it a worker, or ignore kubeadm's check Mem",
    });
  }
  return problems;
}

function disks({ report: { facts } }: InspectedHost): Problem[] {
  const [var_, root] = [Number(facts.varFreeMiB), Number(facts.rootFreeMiB)];
  const short = (path: string, free: number, least: number): Problem => ({
    name: "little-disk",
    problem: `${path} has ${free} MiB free: at least ${least} MiB are needed`,
    action: `make room, for example with 'sudo apt-get clean' and 'sudo journalctl --vacuum-size=100M', or enlarge ${path}`,
  });
  if (var_ < LEAST_VAR_MIB) return [short("/var", var_, LEAST_VAR_MIB)];
  return root < LEAST_ROOT_MIB ? [short("/", root, LEAST_ROOT_MIB)] : [];
}

function kernel({ sharedKernel, expected, report: { facts } }: InspectedHost): Problem[] {
  const problems: Problem[] = [];
  const missing = words(facts.modules)
    .map((word) => word.split(":"))
    // What a container sees of another's kernel is little: the step that needs the modules inspected again.
    .filter(([, state]) => state === "missing" && sharedKernel !== true && facts.container === "none")
    .map(([name]) => name);
  if (missing.length > 0) {
    problems.push({
      name: "missing-module",
      problem: `kernel ${facts.kernel} has no module ${missing.join(", ")}, built in or to load`,
      action:
        "install kmod and the kernel's modules (on Ubuntu linux-modules-extra); where the kernel was replaced since the last boot, reboot",
    });
  }
  if (facts.cgroupVersion === "1" && expected?.refusesCgroupV1) {
    problems.push({
      name: "cgroup-v1",
      problem: "the host uses cgroup v1, and kubelet refuses it",
      action: "boot with systemd.unified_cgroup_hierarchy=1, or set homelab:cluster kubelet.failCgroupV1 to false",
    });
  }
  return problems;
}

function container({ sharedKernel, report: { facts } }: InspectedHost): Problem[] {
  // systemd-detect-virt says "none" for a virtual machine too: it is asked for containers alone.
  const shared = facts.container !== "none" && facts.container !== "";
  if (sharedKernel === undefined || sharedKernel === shared) return [];
  const seen = shared ? `it runs in a container (${facts.container})` : "it has a kernel of its own";
  return [
    {
      name: "shared-kernel",
      problem: `the capability sharedKernel is declared as ${sharedKernel}, but ${seen}`,
      action: `set capabilities.sharedKernel to ${shared} under homelab:machines, or under this host in its nodes`,
    },
  ];
}
