set -euo pipefail
host='cp1'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' step=swap
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
remember_swap
swap_off_at_boot
swap_off_now
remember_unit homelab-no-swap.service
wrote=$(write_file /etc/systemd/system/homelab-no-swap.service 644 <<'EOF'
# Written by homelab. The kubelet does not start while swap is on. What came back after all is switched off, and is named in the journal.
[Unit]
Description=Swap off before the kubelet starts
After=local-fs.target swap.target rc-local.service
Before=kubelet.service

[Service]
Type=oneshot
ExecStart=/bin/bash -c 'if [ "$$(sed 1d /proc/swaps)" ]; then echo "swap had come back:"; sed 1d /proc/swaps; exec swapoff -a; fi'

[Install]
WantedBy=kubelet.service
EOF
)
[ -z "$wrote" ] || {
  echo "$wrote"
  systemctl daemon-reload
}
enable_unit homelab-no-swap.service
expect swap active none
expect swap at-boot none
expect file /etc/systemd/system/homelab-no-swap.service '7447fdb816a188a1f78272f61154670e5dd1be893b42ce543c9d3c76326d9205 644'
expect unit-enabled homelab-no-swap.service enabled
write_expected
}
main </dev/null
