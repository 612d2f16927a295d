import { controlPlaneMinimum } from "../../../versions";
import { SUPPORTED, SUPPORTED_MACHINES, SUPPORTED_SYSTEMS } from "../shell/library";
import { containerProblems } from "./container-findings";
import { isIgnored, type InspectedHost, type Problem } from "./hosts";
import { kernelProblems } from "./kernel-findings";

/** Less is not enough for the images of the control plane, containers, logs, and etcd's data. */
const LEAST_VAR_MIB = 4096;
/** The packages' programs, where /var is another file system. */
const LEAST_ROOT_MIB = 1024;

/** What a host's machine, operating system and kernel can't do. */
export function machineProblems(host: InspectedHost): Problem[] {
  return [system, size, disks].flatMap((rule) => rule(host)).concat(kernelProblems(host), containerProblems(host));
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
