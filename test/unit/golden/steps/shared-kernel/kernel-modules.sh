set -euo pipefail
host=cp1 step=kernel-modules
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
for module in br_netfilter overlay; do
  load_module "$module" 'this host shares its kernel: run '\''modprobe {module}'\'' on the workstation'
done
expect module br_netfilter present
expect module overlay present
write_expected
}
main </dev/null
