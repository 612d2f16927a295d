import * as ipaddr from "ipaddr.js";

/** IPv4 subnets in CIDR notation, as the settings have checked them. */

/** Private subnets that have no address in common. */
export const defaultSubnets = { machines: "10.90.0.0/24", pods: "10.244.0.0/16", services: "10.96.0.0/12" } as const;

/** "10.90.0.0/24" → 24 */
export function prefixLength(subnet: string): number {
  return ipaddr.IPv4.parseCIDR(subnet)[1];
}

/** The first address: the workstation's own on the bridge, and the machines' gateway. */
export function gatewayAddress(subnet: string): string {
  const bytes = ipaddr.IPv4.networkAddressFromCIDR(subnet).toByteArray();
  return new ipaddr.IPv4([...bytes.slice(0, 3), (bytes[3] ?? 0) + 1]).toString();
}

export function networkAddress(subnet: string): string {
  return ipaddr.IPv4.networkAddressFromCIDR(subnet).toString();
}

export function broadcastAddress(subnet: string): string {
  return ipaddr.IPv4.broadcastAddressFromCIDR(subnet).toString();
}

export function subnetContains(subnet: string, address: string): boolean {
  return ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(subnet));
}

export function subnetsOverlap(a: string, b: string): boolean {
  return subnetContains(a, networkAddress(b)) || subnetContains(b, networkAddress(a));
}
