import type { InspectedHost, Problem } from "./hosts";
import { words } from "./hosts";

/** What a host is declared to be and is not, and what a container lacks. */
export function containerProblems(host: InspectedHost): Problem[] {
  return [declared, limits].flatMap((rule) => rule(host));
}

function declared({ sharedKernel, report: { facts } }: InspectedHost): Problem[] {
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

const CONFIGURATION = "in the container's configuration: see 'Hosts that are containers' in docs/metal.md";

/** What the kubelet and the network of pods need, and containers don't have by themselves (k0s#744). */
function limits({ report: { facts } }: InspectedHost): Problem[] {
  const problems: Problem[] = [];
  const add = (problem: string, action: string) => problems.push({ name: "container-limits", problem, action });
  if (facts.uidMap !== undefined && facts.uidMap !== "" && facts.uidMap !== "0 0 4294967295") {
    add(
      "the container is unprivileged: its root is not the kernel's",
      `make it privileged: 'unprivileged: 0' ${CONFIGURATION}`,
    );
  }
  if (facts.kmsg === "") {
    add("/dev/kmsg can't be read, and the kubelet ends without it", `give it the device, ${CONFIGURATION}`);
  }
  const readOnly = words(facts.readOnly);
  if (readOnly.length > 0) {
    add(
      `${readOnly.join(" and ")} can't be written: ${readOnly.length === 1 ? "it is" : "they are"} mounted read-only`,
      `'lxc.mount.auto: proc:rw sys:rw cgroup:rw' ${CONFIGURATION}`,
    );
  }
  const rootMount = words(facts.rootMount);
  if (rootMount.length > 0 && !rootMount.includes("shared")) {
    add(
      "mounts are not passed on: '/' is mounted privately, and Cilium's and Longhorn's pods do not start",
      "'sudo mount --make-rshared /', at each boot by a unit: see 'Hosts that are containers' in docs/metal.md",
    );
  }
  return problems;
}
