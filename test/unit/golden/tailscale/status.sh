set -euo pipefail
host=w1 step=tailscale-login
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
[ -e /var/lib/homelab/tailscale ] || die "the step that installs Tailscale did not run here" "run pulumi up without --target"
[ "$(observe_unit_enabled tailscaled.service)" = enabled ] || quietly systemctl enable tailscaled.service
[ "$(observe_unit_active tailscaled.service)" = active ] || quietly systemctl start tailscaled.service
timeout 30 tailscale status --json --peers=false || die "tailscaled does not answer" "journalctl -u tailscaled.service on the host says why"
}
main </dev/null
