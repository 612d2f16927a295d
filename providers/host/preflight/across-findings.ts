import type { Finding, LastingFacts, Role } from "./hosts";

/** A host among the others: those that were inspected now, and those that were inspected before. */
export interface KnownHost {
  name: string;
  role: Role;
  sharedKernel: boolean;
  facts: LastingFacts;
}

const UNKNOWN_FIX = "two entries of homelab:machines may be the same host; else give each its own";

/** What can be seen only where hosts are compared. `hosts` in the order of the inventory. */
export function acrossFindings(hosts: readonly KnownHost[]): Finding[] {
  return [
    ...shared(hosts, ({ hostname }) => [hostname.toLowerCase()]).map(({ value, names }) => ({
      hosts: names,
      name: "same-hostname" as const,
      problem: `the hostname '${value}' is that of ${count(names)} hosts`,
      action: "'sudo hostnamectl set-hostname NAME' with the name of each in homelab:machines",
    })),
    ...shared(hosts, ({ machineId }) => [machineId]).map(({ value, names }) => ({
      hosts: names,
      name: "same-machine-id" as const,
      problem: `/etc/machine-id is the same (${value}): was one disk copied to the others?`,
      action:
        "on all but one: 'sudo rm /etc/machine-id /var/lib/dbus/machine-id; sudo systemd-machine-id-setup', then reboot",
    })),
    ...shared(hosts, ({ productUuid }) => [productUuid], hardware).map(({ value, names }) => ({
      hosts: names,
      name: "same-product-uuid" as const,
      problem: `the hardware's product_uuid is the same (${value})`,
      action: `${UNKNOWN_FIX} in its firmware or hypervisor, or declare containers with the capability sharedKernel`,
    })),
    ...shared(hosts, ({ macs }) => macs, hardware).map(({ value, names }) => ({
      hosts: names,
      name: "same-mac" as const,
      problem: `the network device with the node's address has the same MAC on each (${value})`,
      action: `${UNKNOWN_FIX} MAC address`,
    })),
    ...mixedResolvers(hosts),
  ];
}

// Containers show the hardware of the host that they run on.
const hardware = (known: readonly KnownHost[]) => known.some(({ sharedKernel }) => !sharedKernel);

/**
 * Warnings of MACs that hosts share on devices that the cluster doesn't use. BMCs' USB cards have one for all of a model; on a device that
 * is used later, neither host would be reached.
 */
export function otherMacs(hosts: readonly KnownHost[]): string[] {
  return shared(hosts, ({ macs, otherMacs: others = [] }) => [...macs, ...others], hardware)
    .filter(({ value }) => hosts.filter(({ facts }) => facts.macs.includes(value)).length < 2)
    .map(
      ({ value, names }) =>
        `${names.join(", ")}: a network device that the node does not use has the same MAC on each (${value}); preflight.accept: [other-mac] leaves this out`,
    );
}

/** The values that more than one host has, each with those hosts. Empty values don't count. */
function shared(
  hosts: readonly KnownHost[],
  values: (facts: LastingFacts) => readonly string[],
  counts: (hosts: readonly KnownHost[]) => boolean = () => true,
): { value: string; names: string[] }[] {
  const byValue = new Map<string, KnownHost[]>();
  for (const host of hosts) {
    for (const value of new Set(values(host.facts))) {
      if (value !== "") byValue.set(value, [...(byValue.get(value) ?? []), host]);
    }
  }
  return [...byValue]
    .filter(([, having]) => having.length > 1 && counts(having))
    .map(([value, having]) => ({ value, names: having.map(({ name }) => name) }));
}

/**
 * kubeadm inspected at the first control plane whether systemd-resolved is active, and gives every kubelet the file that it
 * finds right there (cmd/kubeadm/app/componentconfigs/kubelet.go): on a host that differs, pods can't resolve names.
 */
function mixedResolvers(hosts: readonly KnownHost[]): Finding[] {
  const first = hosts.find(({ role }) => role === "control-plane");
  if (!first) return [];
  const different = hosts.filter(({ facts }) => facts.resolved !== first.facts.resolved).map(({ name }) => name);
  if (different.length === 0) return [];
  const [here, there] = first.facts.resolved ? ["not active", "active"] : ["active", "not active"];
  return [
    {
      hosts: different,
      name: "mixed-resolvers",
      problem: `systemd-resolved is ${here}, and on ${first.name} it is ${there}: all kubelets get one path to their resolv.conf`,
      action: `have it on all hosts or on none: 'sudo ${first.facts.resolved ? "apt-get install systemd-resolved" : "systemctl disable --now systemd-resolved"}', or the other way on ${first.name}`,
    },
  ];
}

function count(names: readonly string[]): string {
  return names.length === 2 ? "two" : String(names.length);
}
