import { stepScript } from "../../host/shell/script";
import { FILES_BACK, PACKAGES_BACK, UNITS_BACK } from "./undo-journal";
import { END_KUBERNETES } from "./undo-kubernetes";
import { END_NETWORK } from "./undo-network";

/**
 * The script that leaves a host as it was before its first step: Kubernetes ended, what was added removed, what was there put
 * back. What it can't or must not undo it says, a line each, `kept …`. It can be repeated after it was cut off: the journal goes last.
 *
 * @param host its name in messages.
 */
export function undoScript(host: string): string {
  return stepScript({ host, step: "undo", commands: COMMANDS });
}

const COMMANDS = `${END_KUBERNETES}
${END_NETWORK}
${FILES_BACK}
${PACKAGES_BACK}
${UNITS_BACK}
refuse_foreign_cluster
end_kubernetes
end_cilium
end_iptables_chains
keep_theirs
units_off
packages_back
files_back
folders_back
units_back
kernel_back
[ ! -e /var/lib/longhorn ] || kept "/var/lib/longhorn: volumes may be in it"
rm -rf -- /var/log/homelab /var/lib/homelab/claims /var/lib/homelab/kubeadm /var/lib/homelab/containerd-restart /var/lib/homelab/tailscale
rm -f -- "$before/journal"
rm -rf -- "$before"
[ ! -d /var/lib/homelab ] || rmdir /var/lib/homelab 2>/dev/null || kept "/var/lib/homelab: there is something else in it"
`;
