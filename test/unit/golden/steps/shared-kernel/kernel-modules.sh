set -euo pipefail
host=cp1 step=kernel-modules
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
action='this host shares its kernel: run '\''modprobe {module}'\'' on the host that lends the kernel (Proxmox or whatever runs the container; in the lab the workstation), and list it in /etc/modules-load.d there'
load_module overlay "$action"
expect module overlay present
write_expected
}
main </dev/null
