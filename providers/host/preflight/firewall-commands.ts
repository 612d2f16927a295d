import { words } from "./hosts";

/** Which of a host's packets a rule is about: those that it gets, sends, or passes on. */
export type Traffic = "in" | "out" | "forward";

const SAVE: Readonly<Record<string, string>> = {
  nftables: "and the same rules in /etc/nftables.conf",
  iptables: "and keep them for the boot ('sudo netfilter-persistent save')",
};

/**
 * The commands that open a host's firewall for all that goes from and to networks, by whose firewall it is.
 *
 * @param facts of the host: `firewallBy` and `firewallChains`
 * @param networks addresses or subnets
 */
export function openCommand(
  facts: Readonly<Record<string, string>>,
  traffic: readonly Traffic[],
  networks: readonly string[],
): string {
  const by = facts.firewallBy ?? "";
  const lines = [...new Set(commands(by, facts.firewallChains ?? "", traffic, networks))].map((line) => `'${line}'`);
  return [lines.join("; "), ...(SAVE[by] ? [SAVE[by]] : [])].join(" ");
}

function commands(by: string, chains: string, traffic: readonly Traffic[], networks: readonly string[]): string[] {
  switch (by) {
    case "ufw":
      return traffic.flatMap((way) => networks.flatMap((network) => UFW[way](network)));
    case "firewalld":
      return [
        `sudo firewall-cmd --permanent --zone=trusted ${networks.map((network) => `--add-source=${network}`).join(" ")}`,
        "sudo firewall-cmd --reload",
      ];
    case "nftables":
      return words(chains).flatMap((word) => {
        const [hook = "", family, table, chain] = word.split(":");
        const rules = traffic.flatMap((way) => NFT[way][hook] ?? []);
        return rules.map(
          (side) => `sudo nft insert rule ${family} ${table} ${chain} ip ${side} '{ ${networks.join(", ")} }' accept`,
        );
      });
    default:
      return traffic.flatMap((way) =>
        networks.flatMap((network) => IPTABLES[way].map((rule) => `sudo iptables -I ${rule} ${network} -j ACCEPT`)),
      );
  }
}

const UFW: Readonly<Record<Traffic, (network: string) => string[]>> = {
  in: (network) => [`sudo ufw allow from ${network}`],
  out: (network) => [`sudo ufw allow out to ${network}`],
  forward: (network) => [`sudo ufw route allow from ${network}`, `sudo ufw route allow to ${network}`],
};

const NFT: Readonly<Record<Traffic, Readonly<Record<string, string[]>>>> = {
  in: { input: ["saddr"] },
  out: { output: ["daddr"] },
  forward: { forward: ["saddr", "daddr"] },
};

const IPTABLES: Readonly<Record<Traffic, string[]>> = {
  in: ["INPUT -s"],
  out: ["OUTPUT -d"],
  forward: ["FORWARD -s", "FORWARD -d"],
};
