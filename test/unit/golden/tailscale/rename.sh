set -euo pipefail
host=w1 step=tailscale-login
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
timeout 30 tailscale set --hostname=lab-w2
}
main </dev/null
