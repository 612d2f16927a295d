import { isIpv4 } from "../formats";
import { defaultSubnets } from "../node";
import { pathText, type Problem, valueAt } from "../problems";
import {
  broadcastAddress,
  gatewayAddress,
  networkAddress,
  prefixLength,
  subnetContains,
  subnetsOverlap,
} from "../subnets";
import { type Found, subnetAt, type View } from "../view";

/** A node's share of the pod subnet (kube-controller-manager's default). */
const NODE_PREFIX = 24;

/** Rules between the networks of machines, pods and services. */
export function networkProblems(view: View): Problem[] {
  const pods = subnetAt(view.raw, ["cluster", "podSubnet"], defaultSubnets.pods);
  const services = subnetAt(view.raw, ["cluster", "serviceSubnet"], defaultSubnets.services);
  const machines =
    view.kind === "nspawn" ? subnetAt(view.raw, ["machines", "network", "subnet"], defaultSubnets.machines) : undefined;
  const networks = [machines, pods, services].filter((network) => network !== undefined);
  return [
    ...overlaps(networks),
    ...(pods ? podSubnet(pods, view.nodes.length) : []),
    ...(services ? serviceSubnet(services) : []),
    ...(machines ? machineSubnet(machines, view) : []),
    ...nodesInside(
      view,
      [pods, services].filter((network) => network !== undefined),
    ),
    ...endpointInside(
      view,
      [pods, services].filter((network) => network !== undefined),
    ),
  ];
}

function overlaps(networks: Found<string>[]): Problem[] {
  return networks.flatMap((one, index) =>
    networks
      .slice(0, index)
      .filter((other) => subnetsOverlap(one.value, other.value))
      .map((other) => ({
        path: one.path,
        message: `${one.value} overlaps ${pathText(other.path)} (${other.value}); choose subnets that have no address in common`,
      })),
  );
}

function podSubnet(pods: Found<string>, nodes: number): Problem[] {
  const length = prefixLength(pods.value);
  const allowed = `between /8 and /${NODE_PREFIX}`;
  if (length < 8 || length > NODE_PREFIX) {
    return [
      { path: pods.path, message: `${pods.value} is too ${length < 8 ? "large" : "small"}; allowed: ${allowed}` },
    ];
  }
  const most = 2 ** (NODE_PREFIX - length);
  if (nodes <= most) return [];
  return [
    {
      path: pods.path,
      message: `${pods.value} is too small for ${nodes} nodes: each takes a /${NODE_PREFIX}, and it has ${most}`,
    },
  ];
}

/** kube-apiserver takes at most 20 bits of host addresses; below 16 addresses not even Kubernetes' own services fit. */
function serviceSubnet(services: Found<string>): Problem[] {
  const length = prefixLength(services.value);
  if (length >= 12 && length <= 28) return [];
  const size = length < 12 ? "large" : "small";
  return [{ path: services.path, message: `${services.value} is too ${size}; allowed: between /12 and /28` }];
}

function machineSubnet(subnet: Found<string>, view: View): Problem[] {
  const length = prefixLength(subnet.value);
  if (length < 16 || length > 29) {
    return [{ path: subnet.path, message: `${subnet.value} is not allowed; allowed: between /16 and /29` }];
  }
  const taken = new Map([
    [networkAddress(subnet.value), "the network's own address"],
    [gatewayAddress(subnet.value), "the gateway's: the computer has it"],
    [broadcastAddress(subnet.value), "the broadcast address"],
  ]);
  return view.nodes
    .flatMap(({ addresses }) => addresses)
    .flatMap(({ path, value }) => {
      if (!subnetContains(subnet.value, value)) {
        return [{ path, message: `"${value}" is not in machines.network.subnet (${subnet.value})` }];
      }
      const owner = taken.get(value);
      return owner ? [{ path, message: `"${value}" is ${owner}; choose another address of ${subnet.value}` }] : [];
    });
}

/** Where the machines have a subnet of their own, its overlap is reported once instead. */
function nodesInside(view: View, networks: Found<string>[]): Problem[] {
  if (view.kind === "nspawn") return [];
  return view.nodes
    .flatMap(({ addresses }) => addresses)
    .flatMap(({ path, value }) =>
      networks
        .filter((network) => subnetContains(network.value, value))
        .map((network) => ({ path, message: `"${value}" is in ${pathText(network.path)} (${network.value})` })),
    );
}

function endpointInside(view: View, networks: Found<string>[]): Problem[] {
  const path = ["cluster", "controlPlaneEndpoint", "host"];
  const host = valueAt(view.raw, path);
  if (typeof host !== "string" || !isIpv4(host)) return [];
  return networks
    .filter((network) => subnetContains(network.value, host))
    .map((network) => ({
      path,
      message: `"${host}" is in ${pathText(network.path)} (${network.value}), which exists in the cluster only`,
    }));
}
