import { gatewayAddress } from "../../../settings/subnets";
import { NODE_MODULES, type Wanted } from "../inspection/wanted";
import type { Expectations, PreflightHost } from "./hosts";
import { neededOn, neededPorts } from "./ports";

/** The module of Cilium's tunnel: Cilium loads it itself, where the kernel is the host's own. */
export const TUNNEL_MODULE = "vxlan";

/** What is wanted on one host. */
export function wantedOf({ role, address, modules = [] }: PreflightHost, expected: Expectations): Wanted {
  const pods = expected.subnets.find(({ setting }) => setting === "cluster.podSubnet");
  const ports = neededPorts(expected)
    .filter((port) => port.pods && neededOn(port, role))
    .map(({ port }) => port);
  return {
    packages: expected.packages,
    runtimes: expected.runtimes,
    modules: [...NODE_MODULES, ...modules, ...(expected.cilium ? [TUNNEL_MODULE] : [])],
    ...(pods ? { firewall: { node: address, pod: gatewayAddress(pods.subnet), ports } } : {}),
  };
}
