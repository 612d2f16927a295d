set -euo pipefail
host=w1 step=tailscale-login
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
key=''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s'
said=$(printf '%s' "$key" | timeout 90 tailscale up --auth-key=file:/dev/stdin --reset --force-reauth --accept-dns=false --hostname=''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' --advertise-tags=''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' --login-server=''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' --timeout=60s 2>&1) || {
  said=${said//"$key"/(the key)}
  die "'tailscale up' failed: $(tail -n 3 <<<"$said" | tr '\n' ' ')" "is the auth key valid, may it give these tags, and does the host reach the service?"
}
}
main </dev/null
