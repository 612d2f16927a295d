set -euo pipefail
host=w1 step=tailscale
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
if [ ! -e /var/lib/homelab/tailscale ] && command -v tailscale >/dev/null; then
  case $(timeout 30 tailscale status --json --peers=false 2>/dev/null || true) in
    *'"HaveNodeKey": true'*)
      die "this host is in a tailnet already, and not by this program; nothing was changed" "run 'tailscale logout' on it if the program may take that over, or set addons.tailscale.machines.enabled to false" ;;
  esac
fi
remember_unit tailscaled.service
remember_data /var/lib/tailscale /var/cache/tailscale
mkdir -p /var/lib/homelab
touch /var/lib/homelab/tailscale
apt_repository tailscale 'https://pkgs.tailscale.com/stable/{distribution}' '{codename}.noarmor.gpg' AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ' {codename} main'
apt_packages 'tailscale=1.102.5'
enable_unit tailscaled.service
[ "$(observe_unit_active tailscaled.service)" = active ] || quietly systemctl start tailscaled.service
expect file /etc/apt/keyrings/homelab-tailscale.gpg
expect file /etc/apt/sources.list.d/homelab-tailscale.list
expect package tailscale 1.102.5
expect hold tailscale hold
expect unit-enabled tailscaled.service enabled
expect unit-active tailscaled.service active
write_expected
}
main </dev/null
