set -euo pipefail
host='cp1'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' step=swap
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
remember_swap
swap_off_at_boot
swap_off_now
expect swap active none
expect swap at-boot none
write_expected
}
main </dev/null
