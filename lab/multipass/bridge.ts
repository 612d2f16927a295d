import * as fs from "node:fs";
import * as path from "node:path";

import { quote } from "../../providers/host/shell/quote";
import { must } from "../run-program";
import { bridgeMark, gateway, homePath, instancesPath, network, overlaps, prefixLength } from "./home";

/** Makes the home's bridge where it is missing. Refuses a name or a subnet that is in use. */
export async function ensureBridge(): Promise<void> {
  const own = network();
  const taken = overlaps(own);
  if (taken.length > 0) {
    throw new Error(`fake multipass: the subnet ${own.subnet} is also that of the interface ${taken.join(", ")}`);
  }
  const bridge = quote(own.bridge);
  await locked(
    "making the bridge of the fake Multipass",
    `mark=${quote(bridgeMark())}
if [ ! -e /sys/class/net/${bridge} ]; then
  ip link add name ${bridge} type bridge stp_state 0 forward_delay 0
  # A fixed address: else a bridge takes that of its oldest cable, and changes it when that one goes.
  ip link set dev ${bridge} address "$(cat /sys/class/net/${bridge}/address)" alias "$mark"
fi
[ "$(cat /sys/class/net/${bridge}/ifalias)" = "$mark" ] || {
  echo "there is an interface ${bridge} already, and the fake Multipass did not make it" >&2
  exit 1
}
ip address replace ${quote(`${gateway(own)}/${prefixLength(own)}`)} dev ${bridge}
ip link set dev ${bridge} up
echo 1 >/proc/sys/net/ipv4/conf/${bridge}/forwarding
${RULE(own.bridge)}
# Where Docker runs, the packet filter sees what goes over a bridge too, and lets nothing through that it doesn't know.
if [ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" = 1 ]; then
  iptables --wait --check "\${rule[@]}" 2>/dev/null || iptables --wait --insert "\${rule[@]}"
fi`,
  );
}

/** Removes the bridge when no instance is left. */
export async function removeUnusedBridge(): Promise<void> {
  const { bridge } = network();
  await locked(
    "removing the bridge of the fake Multipass",
    `if [ -n "$(ls -A ${quote(instancesPath())} 2>/dev/null)" ]; then exit 0; fi
[ "$(cat /sys/class/net/${quote(bridge)}/ifalias 2>/dev/null)" = ${quote(bridgeMark())} ] || exit 0
${RULE(bridge)}
if command -v iptables >/dev/null; then
  while iptables --wait --delete "\${rule[@]}" 2>/dev/null; do :; done
fi
ip link delete ${quote(bridge)}`,
  );
}

const RULE = (bridge: string): string =>
  `rule=(FORWARD -i ${quote(bridge)} -o ${quote(bridge)} -m comment --comment ${quote(bridgeMark())} -j ACCEPT)`;

/** Several commands may make or remove the bridge at once. */
async function locked(doing: string, script: string): Promise<void> {
  fs.mkdirSync(homePath(), { recursive: true });
  const lock = path.join(homePath(), "bridge.lock");
  const input = `set -euo pipefail\nexec 9>${quote(lock)}\nflock 9\n${script}\n`;
  await must(doing, "bash", ["-s"], { input, timeoutSeconds: 60 });
}
