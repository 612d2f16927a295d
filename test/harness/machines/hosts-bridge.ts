import { must } from "../../../lab/run-program";

/** Makes the bridge of a set of hosts; the workstation has an address on it. @param address with its prefix length */
export async function makeBridge(name: string, address: string): Promise<void> {
  const script = `ip link add name "$1" type bridge stp_state 0 forward_delay 0
ip address add "$2" dev "$1"
ip link set "$1" up
if [ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" = 1 ] && command -v iptables >/dev/null; then
  iptables --wait --insert FORWARD -i "$1" -o "$1" -j ACCEPT
fi`;
  await must(`the bridge ${name}`, "bash", ["-euc", script, "bash", name, address]);
}

/** Removes it, whatever is left of it. */
export async function removeBridge(name: string): Promise<void> {
  const script = `while iptables --wait --delete FORWARD -i "$1" -o "$1" -j ACCEPT 2>/dev/null; do :; done
[ ! -e "/sys/class/net/$1" ] || ip link delete "$1"`;
  await must(`removing the bridge ${name}`, "bash", ["-euc", script, "bash", name]);
}
