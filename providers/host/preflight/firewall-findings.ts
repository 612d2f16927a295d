import { openCommand, type Traffic } from "./firewall-commands";
import { type InspectedHost, type Problem, words } from "./hosts";

const KINDS: Readonly<Record<string, (ports: string) => string>> = {
  "pod-host": (ports) => `from pods to the host on ${ports}`,
  "host-pod": () => "from the host to pods",
  "pod-outside": () => "from pods to the host's nameserver",
};

/**
 * What the host's own firewall drops of the pods' packets: their addresses are in no rule of a host that only knows its network. The
 * facts are of packets that were sent through a copy of its rules; see `firewall.sh`.
 */
export function firewallProblems({ expected, report: { facts } }: InspectedHost): Problem[] {
  const blocked = words(facts.firewallBlocks).map((word) => word.split(":"));
  const kinds = Object.entries(KINDS).filter(([kind]) => blocked.some(([one]) => one === kind));
  if (kinds.length === 0) return [];
  const what = kinds.map(([kind, text]) =>
    text(
      blocked
        .filter(([one]) => one === kind)
        .map(([, protocol, port]) => `${port}/${protocol}`)
        .join(", "),
    ),
  );
  const subnets = (expected?.subnets ?? []).map(({ subnet }) => subnet);
  // Who is let in is let through too: a firewall that denies the one by default mostly does so with the other.
  const traffic: Traffic[] = blocked.some(([kind]) => kind === "host-pod")
    ? ["in", "out", "forward"]
    : ["in", "forward"];
  return [
    {
      name: "firewall-pods",
      problem: `the firewall (${facts.firewallBy}) drops what goes ${what.join(", and ")}`,
      action: openCommand(facts, traffic, subnets),
    },
  ];
}
