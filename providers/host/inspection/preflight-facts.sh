# shellcheck shell=bash
# What tells whether a host can be prepared, and may change from one inspection to the next. Lists are words in one line:
# - modules: NAME:present, NAME:loadable or NAME:missing
# - listening: tcp|udp:PORT:PROCESS ID:ITS NAME; without id and name the kernel itself listens
# - addresses: DEVICE:IPv4 ADDRESS/PREFIX LENGTH, without loopback
# - unfinishedPackages: STATE OF DPKG:PACKAGE
# - kubeadm: how far this program's own kubeadm came; kubernetesFile: a file of any cluster's

macs() {
  local nic
  # Real devices: not bridges, tunnels and ends of pairs.
  for nic in /sys/class/net/*; do
    [ ! -e "$nic/device" ] || cat "$nic/address"
  done | sort -u | tr '\n' ' '
}

modules() {
  local name
  for name in $needed_modules; do
    if [ "$(observe_module "$name")" = present ]; then
      printf '%s:present ' "$name"
    elif modprobe --dry-run --quiet -- "$name" 2>/dev/null; then
      printf '%s:loadable ' "$name"
    else
      printf '%s:missing ' "$name"
    fi
  done
}

nameservers() { [ ! -r "$1" ] || awk '$1 == "nameserver" { printf "%s ", $2 }' "$1"; }
unfinished_packages() {
  dpkg-query -W -f '${db:Status-Status} ${db:Status-Eflag} ${binary:Package}\n' 2>/dev/null | awk '
    $2 == "reinstreq" { printf "reinstreq:%s ", $3; next }
    $1 == "half-installed" || $1 == "unpacked" || $1 == "half-configured" { printf "%s:%s ", $1, $3 }'
}

addresses() { ip -o -4 address show 2>/dev/null | awk '$2 != "lo" { printf "%s:%s ", $2, $4 }'; }
first_existing() {
  local file
  for file; do
    if [ -e "$file" ]; then
      echo "$file"
      return 0
    fi
  done
}

preflight_facts() {
  local resolved
  say fact time "$(date +%s.%3N)"
  resolved=$(observe_unit_active systemd-resolved.service)
  say fact memoryMiB "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
  say fact varFreeMiB "$(df -Pm /var | awk 'NR == 2 { print $4 }')"
  say fact rootFreeMiB "$(df -Pm / | awk 'NR == 2 { print $4 }')"
  say fact productUuid "$(cat /sys/class/dmi/id/product_uuid 2>/dev/null)"
  say fact macs "$(macs)"
  say fact modules "$(modules)"
  say fact resolved "$resolved"
  say fact nameservers "$(nameservers /etc/resolv.conf)"
  say fact resolvedNameservers "$(nameservers /run/systemd/resolve/resolv.conf)"
  say fact unfinishedPackages "$(unfinished_packages)"
  say fact listening "$(listening)"
  say fact addresses "$(addresses)"
  say fact kubeadm "$(cd "$kubeadm_state" 2>/dev/null && first_existing completed joined started joining)"
  # shellcheck disable=SC2086 # a list of paths without spaces
  say fact kubernetesFile "$(first_existing $kubernetes_files)"
}
