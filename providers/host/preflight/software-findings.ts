import { firewallProblems } from "./firewall-findings";
import { addressesOf, isIgnored, type InspectedHost, type Problem, words } from "./hosts";
import { foreignDevices } from "./foreign-devices";
import { neededOn, neededPorts, portText } from "./ports";

/** What of the software on a host, and of its settings, forbids any change. */
export function softwareProblems(host: InspectedHost): Problem[] {
  return [
    ...[identity, nodeAddress, nameResolution, otherCluster, foreignDevices, portsInUse, pluginFolders],
    firewallProblems,
  ].flatMap((rule) => rule(host));
}

/** RFC 1123, of which Kubernetes' names are made; in capitals it does no harm, since nodes are named by the inventory. */
const HOSTNAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function identity({ name, report: { facts } }: InspectedHost): Problem[] {
  const problems: Problem[] = [];
  if (!HOSTNAME.test(facts.hostname ?? "")) {
    const problem = `the hostname '${facts.hostname ?? ""}' is none by RFC 1123 (letters, digits and hyphens)`;
    problems.push({ name: "hostname", problem, action: `'sudo hostnamectl set-hostname ${name}'` });
  }
  if (!/^[0-9a-f]{32}$/.test(facts.machineId ?? "")) {
    const problem = "/etc/machine-id holds no id";
    problems.push({ name: "machine-id", problem, action: "'sudo systemd-machine-id-setup', then reboot" });
  }
  return problems;
}

const LOOPBACK = /^(127\.|::1$)/;

/** Such as an address of NAT or a floating IP: kubeadm and kubelet bind to the node's address. */
function nodeAddress({ address, report: { facts } }: InspectedHost): Problem[] {
  const own = addressesOf(facts);
  if (address === undefined || own.length === 0 || own.some((one) => one.address === address)) return [];
  const listed = own.map(({ device, cidr }) => `${cidr}${device === "" ? "" : ` on ${device}`}`).join(", ");
  return [
    {
      name: "address-not-there",
      problem: `no device of the host has the node's address, ${address}; it has ${listed}`,
      action:
        "set privateAddress in homelab:machines to the one of these by which the nodes reach each other; address stays that by which the workstation reaches the host, as behind NAT or a floating IP",
    },
  ];
}

/**
 * CoreDNS asks the servers that the pods get from the host's resolv.conf: one on loopback would be CoreDNS itself, and without any it
 * ends at once. With systemd-resolved kubeadm gives the kubelets the file with the real servers.
 */
function nameResolution({ report: { facts } }: InspectedHost): Problem[] {
  const resolved = facts.resolved === "active";
  const servers = words(resolved ? facts.resolvedNameservers : facts.nameservers);
  const file = resolved ? "/run/systemd/resolve/resolv.conf" : "/etc/resolv.conf";
  const action = resolved
    ? "give systemd-resolved a real server: DNS= in /etc/systemd/resolved.conf"
    : "name a real server in /etc/resolv.conf, or turn systemd-resolved on";
  if (servers.length === 0) {
    return [
      { name: "no-nameserver", problem: `${file} names no server: CoreDNS would end at once, again and again`, action },
    ];
  }
  const loops = servers.filter((one) => LOOPBACK.test(one));
  if (loops.length === 0) return [];
  return [
    {
      name: "resolver-loop",
      problem: `name resolution would loop: ${file} names ${loops.join(", ")}, which in a pod is the pod`,
      action,
    },
  ];
}

/** Cilium's pods put its plugin there, as a root that may write only to what is root's (kubespray#13378). */
function pluginFolders({ report: { facts } }: InspectedHost): Problem[] {
  const folders = words(facts.owners).map((word) => word.split(":"));
  if (folders.length === 0) return [];
  const paths = folders.map(([folder = ""]) => folder);
  return [
    {
      name: "cni-owner",
      problem: `${paths.join(", ")} ${paths.length === 1 ? "belongs" : "belong"} to user ${[...new Set(folders.map(([, uid = ""]) => uid))].join(", ")}, not to root: Cilium can't put its plugin there`,
      action: `'sudo chown root:root ${paths.join(" ")}'`,
    },
  ];
}

function otherCluster({ report: { facts } }: InspectedHost): Problem[] {
  if (facts.kubeadm || !facts.kubernetesFile) return [];
  return [
    {
      name: "foreign-cluster",
      problem: `there is a Kubernetes node that this program did not make (${facts.kubernetesFile} exists)`,
      action: "if it may go, 'sudo kubeadm reset' on the host; else take the host out of homelab:machines",
    },
  ];
}

function portsInUse({ role, expected, report: { facts } }: InspectedHost): Problem[] {
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
      const action = pid
        ? `stop it: 'sudo systemctl status ${pid}' names its unit`
        : "remove the interface that uses it: 'ip -d link'";
      return [{ name: "port-in-use" as const, problem: `port ${portText(port)} is in use by ${by}`, action }];
    });
}

const EVERY_HOST = { apiPort: 6443, cilium: true, hubble: true };
