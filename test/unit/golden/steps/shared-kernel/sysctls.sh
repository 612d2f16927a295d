set -euo pipefail
host=cp1 step=sysctls
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
action='this host shares its kernel: set it on the workstation, or remove it from homelab:sysctls'
remember_sysctl net.bridge.bridge-nf-call-ip6tables net.bridge.bridge-nf-call-iptables net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.fib_multipath_use_neigh
write_file /etc/sysctl.d/99-zz-homelab.conf 644 <<'EOF'
# Written by homelab.
net.bridge.bridge-nf-call-ip6tables = 1
net.bridge.bridge-nf-call-iptables = 1
net.ipv4.ip_forward = 1
EOF
set_sysctl net.bridge.bridge-nf-call-ip6tables 1 "$action"
set_sysctl net.bridge.bridge-nf-call-iptables 1 "$action"
set_sysctl net.ipv4.ip_forward 1 "$action"
raise_sysctl fs.inotify.max_user_instances 512 "$action"
raise_sysctl fs.inotify.max_user_watches 524288 "$action"
if [ "$(observe_unit_active systemd-networkd.service)" = active ] || [ "$(observe_unit_enabled systemd-networkd.service)" = enabled ]; then
  write_file /etc/systemd/networkd.conf.d/homelab.conf 644 <<'EOF'
# Written by homelab. Cilium's rules and routes are not networkd's: without these lines it deletes them when it starts.
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
EOF
fi
expect file /etc/sysctl.d/99-zz-homelab.conf '49ab6bc08cb4c3f359231c1af90aa937e165053be5d4a619664c1be2f00b634d 644'
expect sysctl net.bridge.bridge-nf-call-ip6tables 1
expect sysctl net.bridge.bridge-nf-call-iptables 1
expect sysctl net.ipv4.ip_forward 1
expect sysctl-minimum fs.inotify.max_user_instances 512
expect sysctl-minimum fs.inotify.max_user_watches 524288
expect file /etc/systemd/networkd.conf.d/homelab.conf
write_expected
}
main </dev/null
