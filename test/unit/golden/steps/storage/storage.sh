set -euo pipefail
host=w1 step=storage
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
action='see '\''modprobe {module}'\''; the kernel'\''s package may be incomplete, or was replaced since the last boot: then reboot; or leave the host out of storage: storage.enabled: false, in homelab:machines'
remember_module dm_crypt
load_module dm_crypt "$action"
remember_module iscsi_tcp
load_module iscsi_tcp "$action"
release_modules /etc/modules-load.d/homelab-longhorn.conf dm_crypt iscsi_tcp
write_file /etc/modules-load.d/homelab-longhorn.conf 644 <<'EOF'
# Written by homelab. Longhorn needs these modules.
dm_crypt
iscsi_tcp
EOF
remember_unit iscsid.service
install_missing cryptsetup nfs-common open-iscsi
enable_unit iscsid.service
if [ "$(observe_unit_active iscsid.service)" != active ]; then
  systemctl reset-failed iscsid.service 2>/dev/null || true
  systemctl start iscsid.service >/dev/null 2>&1 || true
  [ "$(observe_unit_active iscsid.service)" = active ] || die "iscsid does not start, so the host can't attach Longhorn's volumes" "see 'journalctl -u iscsid' on the host; or leave the host out of storage: storage.enabled: false, in homelab:machines"
  echo "started iscsid"
fi
if [ "$(observe_package multipath-tools)" != missing ]; then
  write_file /etc/multipath/conf.d/homelab-longhorn.conf 644 <<'EOF'
# Written by homelab. Longhorn's volumes are used by their own device: multipath must not take them.
blacklist {
    device {
        vendor "IET"
        product "VIRTUAL-DISK"
    }
}
EOF
  [ "$(observe_unit_active multipathd.service)" != active ] || quietly systemctl reload multipathd.service
  multipath -t 2>/dev/null | grep -E '^[[:space:]]*vendor[[:space:]]+"?IET"?[[:space:]]*$' >/dev/null || die "multipath does not leave Longhorn's devices alone: it doesn't read /etc/multipath/conf.d/homelab-longhorn.conf" "see 'multipath -t' and config_dir in /etc/multipath.conf; or 'apt-get purge multipath-tools', where nothing else needs it"
fi
data=/var/lib/longhorn
remember_folders "$data"
mkdir -p -- "$data" || die "the folder for Longhorn's data, $data, can't be made" "see addons.longhorn.dataPath and the node's storage.disk"
expect module dm_crypt present
expect module iscsi_tcp present
expect file /etc/modules-load.d/homelab-longhorn.conf 'b60b3c33aec7b794ab2d5680e9f862ca41eb421bb953947b0f990c338c15111d 644'
expect package cryptsetup '*'
expect package nfs-common '*'
expect package open-iscsi '*'
expect unit-enabled iscsid.service enabled
expect unit-active iscsid.service active
expect file /etc/multipath/conf.d/homelab-longhorn.conf
write_expected
}
main </dev/null
