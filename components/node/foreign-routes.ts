import type { Claim } from "../../providers/host/shell/claims";
import { hereDocument } from "../../providers/host/shell/quote";

const FILE = "/etc/systemd/networkd.conf.d/homelab.conf";
const CONTENT = `# Written by homelab. Cilium's rules and routes are not networkd's: without these lines it deletes them when it starts.
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
`;

/**
 * Where systemd-networkd runs the network: it leaves Cilium's rules and routes alone. It reads the file when it starts,
 * which is also when it would delete them, so it need not be restarted now: that could cut a remote host off.
 */
export function foreignRoutesCommands(): string {
  return `if [ "$(unit_active systemd-networkd.service)" = active ] || [ "$(unit_enabled systemd-networkd.service)" = enabled ]; then
  write_file ${FILE} 644 ${hereDocument(CONTENT)}
fi
`;
}

/** Whether the file is there is decided on the host. */
export function foreignRoutesClaims(): Claim[] {
  return [{ kind: "file", key: FILE }];
}
