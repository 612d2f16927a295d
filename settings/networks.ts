import { isIpv4 } from "./formats";
import { machineSubnet } from "./machines";
import { pathText } from "./messages/problems";
import { addressesOf, type NodePlace } from "./nodes";
import { pathOf, type Place, valueOf } from "./places";
import type { Report, Rule, WrittenSettings } from "./rule";
import {
  broadcastAddress,
  gatewayAddress,
  networkAddress,
  prefixLength,
  subnetContains,
  subnetsOverlap,
} from "./subnets";

/** A node's share of the pod subnet (kube-controller-manager's default). */
const NODE_PREFIX = 24;

interface Network {
  setting: Place<string>;
  subnet: string;
}

/** The well-formed subnets that exist in the cluster, or for its machines. */
function networksOf(settings: WrittenSettings): { machines?: Network; pods?: Network; services?: Network } {
  const network = (setting: Place<string> | undefined): Network | undefined => {
    const subnet = setting && valueOf(setting);
    return setting && subnet !== undefined ? { setting, subnet } : undefined;
  };
  const { podSubnet, serviceSubnet } = settings.cluster;
  return {
    machines: network(machineSubnet(settings)),
    pods: network(podSubnet),
    services: network(serviceSubnet),
  };
}

/** Between the networks of machines, pods and services, and the addresses in them. */
export const networksRule: Rule = (settings, report) => {
  const nodes: readonly NodePlace[] = settings.machines.nodes;
  const { machines, pods, services } = networksOf(settings);
  const inCluster = [pods, services].filter((network) => network !== undefined);
  checkOverlaps(
    [machines, pods, services].filter((network) => network !== undefined),
    report,
  );
  if (pods) checkPodSubnet(pods, nodes.length, report);
  if (services) checkServiceSubnet(services, report);
  // Where the machines have a subnet of their own, its overlap is reported once instead.
  if (machines) checkMachineSubnet(machines, nodes, report);
  else for (const found of nodes.flatMap(addressesOf)) checkOutside(found, inCluster, "", report);
  const { host } = settings.cluster.controlPlaneEndpoint;
  const address = valueOf(host);
  if (address === undefined || !isIpv4(address)) return;
  checkOutside({ setting: host, value: address }, inCluster, ", which exists in the cluster only", report);
};

function checkOverlaps(networks: readonly Network[], report: Report): void {
  networks.forEach((one, index) => {
    for (const other of networks.slice(0, index)) {
      if (!subnetsOverlap(one.subnet, other.subnet)) continue;
      const named = `${pathText(pathOf(other.setting))} (${other.subnet})`;
      report(one.setting, `${one.subnet} overlaps ${named}; choose subnets that have no address in common`);
    }
  });
}

function checkPodSubnet({ setting, subnet }: Network, nodes: number, report: Report): void {
  const length = prefixLength(subnet);
  if (length < 8 || length > NODE_PREFIX) {
    const size = length < 8 ? "large" : "small";
    return report(setting, `${subnet} is too ${size}; allowed: between /8 and /${NODE_PREFIX}`);
  }
  const most = 2 ** (NODE_PREFIX - length);
  if (nodes <= most) return;
  report(setting, `${subnet} is too small for ${nodes} nodes: each takes a /${NODE_PREFIX}, and it has ${most}`);
}

/** kube-apiserver takes at most 20 bits of host addresses; below 16 addresses not even Kubernetes' own services fit. */
function checkServiceSubnet({ setting, subnet }: Network, report: Report): void {
  const length = prefixLength(subnet);
  if (length >= 12 && length <= 28) return;
  report(setting, `${subnet} is too ${length < 12 ? "large" : "small"}; allowed: between /12 and /28`);
}

function checkMachineSubnet({ setting, subnet }: Network, nodes: readonly NodePlace[], report: Report): void {
  const length = prefixLength(subnet);
  if (length < 16 || length > 29) {
    return report(setting, `${subnet} is not allowed; allowed: between /16 and /29`);
  }
  const taken = new Map([
    [networkAddress(subnet), "the network's own address"],
    [gatewayAddress(subnet), "the gateway's: the workstation has it"],
    [broadcastAddress(subnet), "the broadcast address"],
  ]);
  for (const { setting: address, value } of nodes.flatMap(addressesOf)) {
    const owner = taken.get(value);
    if (!subnetContains(subnet, value)) {
      report(address, `"${value}" is not in ${pathText(pathOf(setting))} (${subnet})`);
    } else if (owner) report(address, `"${value}" is ${owner}; choose another address of ${subnet}`);
  }
}

function checkOutside(
  { setting, value }: ReturnType<typeof addressesOf>[number],
  networks: readonly Network[],
  why: string,
  report: Report,
): void {
  for (const network of networks.filter(({ subnet }) => subnetContains(subnet, value))) {
    report(setting, `"${value}" is in ${pathText(pathOf(network.setting))} (${network.subnet})${why}`);
  }
}
