set -euo pipefail
host=cp1 step=kernel-modules
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
for module in br_netfilter overlay; do
  remember_module "$module"
  load_module "$module" 'see '\''modprobe {module}'\''; the kernel'\''s package may be incomplete, or was replaced since the last boot: then reboot'
done
write_file /etc/modules-load.d/homelab.conf 644 <<'EOF'
# Written by homelab. Kubernetes needs these modules.
br_netfilter
overlay
EOF
expect module br_netfilter present
expect module overlay present
expect file /etc/modules-load.d/homelab.conf 'ea9ce30a4e8a0e2312d70656f81d730782db10dad6cb1d9fa3d4dda99f732f48 644'
write_expected
}
main </dev/null
