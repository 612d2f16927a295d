import { createHash } from "node:crypto";
import ipaddr from "ipaddr.js";
import { quote } from "../../host/shell/quote";

export interface NetworkInputs {
  /** Name of the bridge, at most 15 characters; no other stack on this workstation may use it. */
  bridge: string;
  /** IPv4, as in "10.90.0.0/24". */
  subnet: string;
  /** This workstation's address in the subnet: the machines' gateway. */
  address: string;
  /** Where the record of ownership is kept. */
  stateDir: string;
  /** What this stack has and no other: a public key that it made. An interrupted run's bridge is known by it. */
  owner: string;
}

/** Linux's longest name of an interface (IFNAMSIZ without its end). */
export const LONGEST_INTERFACE_NAME = 15;

/** One line of `ip -json address`. */
export interface Link {
  ifname: string;
  ifalias?: string;
  /** MAC address. */
  address: string;
  addr_info: { family: string; local: string; prefixlen: number }[];
}

/** Why the bridge can't be made: another interface has its name or a part of its subnet. Undefined when it can. Pure. */
export function whyRefused(inputs: NetworkInputs, links: Link[]): string | undefined {
  const same = links.find((link) => link.ifname === inputs.bridge);
  if (same && !isOwn(same, inputs)) {
    return (
      `network ${inputs.bridge}: there is an interface of this name already, and this stack did not make it. Set another name ` +
      `(machines.network.bridge), remove it with the stack that made it, or, if its state was lost and it is not needed any more, with ` +
      `'sudo ip link delete ${inputs.bridge}'`
    );
  }
  const wanted = ipaddr.IPv4.parseCIDR(inputs.subnet);
  for (const link of links) {
    if (link.ifname === inputs.bridge) continue;
    for (const { family, local, prefixlen } of link.addr_info) {
      if (family !== "inet") continue;
      const shorter = Math.min(wanted[1], prefixlen);
      if (!wanted[0].match(ipaddr.IPv4.parse(local), shorter)) continue;
      return (
        `network ${inputs.bridge}: the subnet ${inputs.subnet} overlaps ${local}/${prefixlen} of the interface ${link.ifname}. ` +
        "Set another subnet (machines.network.subnet) and addresses in it"
      );
    }
  }
  return undefined;
}

/** True for the bridge that this stack made; one that an interrupted run left without its alias is known by its MAC address. */
export function isOwn(link: Link, inputs: NetworkInputs): boolean {
  return link.ifalias ? link.ifalias === ownAlias(inputs) : link.address === ownMac(inputs);
}

/**
 * A fixed MAC address: else a bridge takes that of its oldest cable, and changes it under the machines when that one goes.
 * Locally administered.
 */
function ownMac(inputs: Pick<NetworkInputs, "owner" | "bridge">): string {
  const hash = createHash("sha256").update(`${inputs.owner} ${inputs.bridge}`).digest();
  return ["02", ...[...hash.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** The mark by which a stack knows its own bridge. It holds no more than a digest, since every user can read it. */
export function ownAlias(inputs: Pick<NetworkInputs, "owner">): string {
  return `homelab ${createHash("sha256").update(inputs.owner).digest("hex").slice(0, 16)}`;
}

/** The script that makes the bridge. Run on a bridge of this stack it repairs what is missing. */
export function bridgeScript(inputs: NetworkInputs): string {
  const bridge = quote(inputs.bridge);
  const prefixLength = inputs.subnet.split("/")[1];
  return `ip link show ${bridge} >/dev/null 2>&1 || ip link add name ${bridge} address ${ownMac(inputs)} type bridge stp_state 0 forward_delay 0
ip link set dev ${bridge} alias ${quote(ownAlias(inputs))}
ip address replace ${quote(`${inputs.address}/${prefixLength}`)} dev ${bridge}
ip link set dev ${bridge} up
echo 1 >/proc/sys/net/ipv4/conf/${inputs.bridge}/forwarding
${forwardRule(inputs)}
if [ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" = 1 ] && command -v iptables >/dev/null; then
  iptables --wait --check "\${rule[@]}" 2>/dev/null || iptables --wait --insert "\${rule[@]}"
fi`;
}

/** The script that removes the bridge, and the rule that was made for it. */
export function removeBridgeScript(inputs: NetworkInputs): string {
  return `${forwardRule(inputs)}
if command -v iptables >/dev/null; then
  while iptables --wait --delete "\${rule[@]}" 2>/dev/null; do :; done
fi
ip link delete ${quote(inputs.bridge)}`;
}

/**
 * Where Docker runs, the workstation's packet filter also sees what goes from machine to machine over the bridge, and Docker
 * lets nothing through that it does not know.
 */
function forwardRule(inputs: NetworkInputs): string {
  const bridge = quote(inputs.bridge);
  const comment = quote(ownAlias(inputs));
  return `rule=(FORWARD -i ${bridge} -o ${bridge} -m comment --comment ${comment} -j ACCEPT)`;
}
