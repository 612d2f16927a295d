set -euo pipefail
host=cp1 step=sysctls
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
action='this host shares its kernel: set it on the host that lends the kernel (Proxmox or whatever runs the container; in the lab the workstation), or remove it from homelab:sysctls'
remember_sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.fib_multipath_use_neigh
release_sysctls /etc/sysctl.d/99-zz-homelab.conf net.ipv4.ip_forward fs.inotify.max_user_instances fs.inotify.max_user_watches
raise_sysctl fs.inotify.max_user_instances 512 "$action"
raise_sysctl fs.inotify.max_user_watches 524288 "$action"
write_file /etc/sysctl.d/99-zz-homelab.conf 644 <<'EOF'
# Written by homelab.
net.ipv4.ip_forward = 1
EOF
set_sysctl net.ipv4.ip_forward 1 "$action"
if [ "$(observe_unit_active systemd-networkd.service)" = active ] || [ "$(observe_unit_enabled systemd-networkd.service)" = enabled ]; then
  write_file /etc/systemd/networkd.conf.d/homelab.conf 644 <<'EOF'
# Written by homelab. Cilium's rules and routes are not networkd's: without these lines it deletes them when it starts.
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
EOF
fi
expect file /etc/sysctl.d/99-zz-homelab.conf '091acec0a6a4f29b4c3e4bc2874833c8fa54b4c59db776fc2f993ab3d2b50a51 644'
expect sysctl net.ipv4.ip_forward 1
expect sysctl-minimum fs.inotify.max_user_instances 512
expect sysctl-minimum fs.inotify.max_user_watches 524288
expect file /etc/systemd/networkd.conf.d/homelab.conf
write_expected
}
main </dev/null
