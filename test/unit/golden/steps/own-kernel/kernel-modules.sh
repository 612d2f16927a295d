set -euo pipefail
host=cp1 step=kernel-modules
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
action='see '\''modprobe {module}'\''; the kernel'\''s package may be incomplete, or was replaced since the last boot: then reboot'
remember_module overlay
load_module overlay "$action"
release_modules /etc/modules-load.d/homelab.conf overlay
write_file /etc/modules-load.d/homelab.conf 644 <<'EOF'
# Written by homelab. Kubernetes needs these modules.
overlay
EOF
expect module overlay present
expect file /etc/modules-load.d/homelab.conf '7650d62647d47e36eec211db8afc628348eaea24dc2e9cd403a681ef6474e037 644'
write_expected
}
main </dev/null
