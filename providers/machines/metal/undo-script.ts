import { addons } from "../../../components/addons/list";
import { FACT_FILES } from "../../host/facts/facts";
import { LIBRARY_FILE, readShell } from "../../host/shell/library";
import { stepScript } from "../../host/shell/script";

/**
 * The script that leaves a host as it was before its first step: Kubernetes ended, what was added removed, what was there
 * restored. What it can't or must not undo it says, a line each, `kept …`. It can be repeated after it was cut off: the journal
 * is deleted last.
 *
 * @param host its name in messages.
 */
export function undoScript(host: string): string {
  return stepScript({ standalone: true, host, step: "undo", commands: commands() });
}

function commands(): string {
  return `${readShell(__dirname, "undo-kubernetes.sh")}
refuse_foreign_cluster
end_kubernetes
${addons.flatMap(({ undo }) => undo?.() ?? []).join("\n")}
end_iptables_chains
${[...FACT_FILES]
  .reverse()
  .map((name) => `prepare_restore ${name}`)
  .join("\n")}
${FACT_FILES.map((name) => `restore ${name}`).join("\n")}
for name in ${OWN.join(" ")}; do rm -rf -- "/var/lib/homelab/$name"; done
rm -rf -- /var/log/homelab ${LIBRARY_FILE}
rm -f -- "$before/journal"
rm -rf -- "$before"
[ ! -d /var/lib/homelab ] || rmdir /var/lib/homelab 2>/dev/null || kept "/var/lib/homelab: there is something else in it"
`;
}

/** What the steps keep in /var/lib/homelab; `claims` is what checkouts before the library kept. */
const OWN = ["expected", "claims", "kubeadm", "containerd-restart"] as const;
