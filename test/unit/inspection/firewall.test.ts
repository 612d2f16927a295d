import { spawnSync } from "node:child_process";
import { libraryText, readShell } from "../../../providers/host/shell/library";
import { missingRequirements } from "../../harness/machines/requirements";

const INSPECTION = "../../../providers/host/inspection";
const SCRIPT = readShell(__dirname, `${INSPECTION}/firewall.sh`);
const PROBE = readShell(__dirname, "../../../providers/host/preflight/probe.pl");
const NEEDS = { unshare: "util-linux", ip: "iproute2", perl: "perl", "iptables-nft-save": "iptables" };
const why = missingRequirements("trying firewalls in network namespaces", NEEDS);
const whyNoNft = why ?? missingRequirements("trying firewalls of nftables", { nft: "nftables" });

jest.setTimeout(120_000);

/** Makes rules in a network namespace, which is the host's, and tries them there. */
function blocked(rules: string): { by: string; chains: string; blocked: string[] } {
  const script = `set -u
${libraryText()}
${SCRIPT}
PATH=$TEST_PATH:$PATH
probe_program=$PROBE node=192.168.1.11 node_device=eth0 pod=10.244.0.1 nameserver=9.9.9.9 ports='6443 10250'
{
ip link set lo up
${rules}
} >&2 || exit 1
links() { ip -o link; ip route show table all; iptables-nft-save | grep -v '^#'; }
before=$(links)
if firewall_rules; then printf '%s\\n' "$(firewall_by)" "$(native_chains)" "$(firewall)"; else printf '%s\\n' none '' ''; fi
[ "$(links)" = "$before" ] || echo "the host was changed" >&2`;
  const { stdout, stderr, status } = spawnSync("unshare", ["--net", "bash", "-c", script], {
    encoding: "utf8",
    env: { ...process.env, PROBE, TEST_PATH: process.env.PATH },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const [by = "", chains = "", words = ""] = stdout.split("\n").map((line) => line.trim());
  return { by, chains, blocked: words === "" ? [] : words.split(" ") };
}

const DENY = `iptables -P INPUT DROP
iptables -P FORWARD DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -s 192.168.1.0/24 -j ACCEPT`;

(why ? describe.skip : describe)(`a firewall${why ? ` (skipped: ${why})` : ""}`, () => {
  test("firewall-pods: a host without rules has nothing to try", () => {
    expect(blocked("true")).toEqual({ by: "none", chains: "", blocked: [] });
  });

  test("firewall-pods: with default deny the pods don't reach their own host, whoever else does", () => {
    expect(blocked(DENY)).toEqual({ by: "iptables", chains: "", blocked: ["pod-host:tcp:10250", "pod-host:tcp:6443"] });
  });

  test("firewall-pods: the rule that the table names lets them through", () => {
    expect(blocked(`${DENY}\niptables -I INPUT -s 10.244.0.0/16 -j ACCEPT`).blocked).toEqual([]);
  });

  test("firewall-pods: a rule for one port lets that through alone", () => {
    const rule = "iptables -A INPUT -s 10.244.0.0/16 -p tcp --dport 6443 -j ACCEPT";
    expect(blocked(`${DENY}\n${rule}`).blocked).toEqual(["pod-host:tcp:10250"]);
  });

  test("firewall-pods: what the host sends to pods is tried too", () => {
    const rules = `${DENY}
iptables -I INPUT -s 10.244.0.0/16 -j ACCEPT
iptables -P OUTPUT DROP
iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`;
    expect(blocked(rules).blocked).toEqual(["host-pod:tcp:8080"]);
  });

  test("firewall-pods: Docker's default for forwarded packets is no finding, since Cilium's rules come first", () => {
    const rules = `iptables -P FORWARD DROP
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER`;
    expect(blocked(rules)).toEqual({ by: "iptables", chains: "", blocked: [] });
  });

  test("firewall-pods: chains with names of devices, as ufw and Docker have them, can be tried", () => {
    const rules = `ip link add docker0 type bridge
iptables -P INPUT DROP
iptables -N ufw-user-input
iptables -A INPUT -j ufw-user-input
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -A ufw-user-input -i docker0 -j ACCEPT
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`;
    expect(blocked(rules).blocked).toEqual(["pod-host:tcp:10250", "pod-host:tcp:6443"]);
  });
});

(whyNoNft ? describe.skip : describe)(`a firewall of nftables${whyNoNft ? ` (skipped: ${whyNoNft})` : ""}`, () => {
  const nft = (...rules: string[]) => `nft -f - <<'RULES'
table inet filter {
  set nodes { type ipv4_addr; flags interval; elements = { 192.168.1.0/24 } }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif "lo" accept
    ip saddr @nodes accept
    ${rules[0] ?? ""}
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ${rules[1] ?? ""}
  }
}
RULES`;

  test("firewall-pods: default deny in nftables' own table drops what pods send to the host and beyond", () => {
    expect(blocked(nft())).toEqual({
      by: "nftables",
      chains: "input:inet:filter:input forward:inet:filter:forward",
      blocked: ["pod-host:tcp:10250", "pod-host:tcp:6443", "pod-outside:udp:53"],
    });
  });

  test("firewall-pods: the rules that the table names let them through, and one alone does not", () => {
    const allow = "ip saddr { 10.244.0.0/16, 10.96.0.0/12 } accept";
    expect(blocked(nft(allow, allow)).blocked).toEqual([]);
    expect(blocked(nft(allow)).blocked).toEqual(["pod-outside:udp:53"]);
  });

  test("firewall-pods: a rule that names a device of the host can be tried", () => {
    expect(blocked(`ip link add br9 type bridge\n${nft('iif "br9" accept')}`).blocked).toHaveLength(3);
  });
});
