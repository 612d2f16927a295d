set -euo pipefail
host=w1 step=tailscale-login
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
if [ -e /var/lib/homelab/tailscale ]; then
  if [ "$(observe_package tailscale)" != missing ]; then
    if [ "$(observe_unit_active tailscaled.service)" = active ]; then
      timeout 60 tailscale logout >/dev/null 2>&1 || echo "kept the device: the service could not be told of the logout"
    fi
    quietly systemctl disable --now tailscaled.service
  fi
  rm -f -- /var/lib/tailscale/tailscaled.state /var/lib/homelab/expected/tailscale.json /var/lib/homelab/tailscale
fi
}
main </dev/null
