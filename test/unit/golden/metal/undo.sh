set -euo pipefail
host=w1 step=undo
# (the library)
main() {
begin
# (providers/machines/metal/undo-kubernetes.sh)

refuse_foreign_cluster
end_kubernetes
# (components/addons/cilium/undo.sh)
end_cilium
[ ! -e /var/lib/longhorn ] || kept "/var/lib/longhorn: volumes may be in it"
rm -rf -- /var/lib/homelab/tailscale
end_iptables_chains
prepare_restore module
prepare_restore sysctl
prepare_restore swap
prepare_restore containerd
prepare_restore unit
prepare_restore file
prepare_restore package
prepare_restore hold
restore hold
restore package
restore file
restore unit
restore containerd
restore swap
restore sysctl
restore module
for name in expected claims kubeadm containerd-restart; do rm -rf -- "/var/lib/homelab/$name"; done
rm -rf -- /var/log/homelab /var/lib/homelab/library.sh
rm -f -- "$before/journal"
rm -rf -- "$before"
[ ! -d /var/lib/homelab ] || rmdir /var/lib/homelab 2>/dev/null || kept "/var/lib/homelab: there is something else in it"
}
main </dev/null
