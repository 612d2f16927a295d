set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
claims=/var/lib/homelab/claims
digest() {
  [ -f "$1" ] || { echo missing; return 0; }
  local sum
  sum=$(sha256sum <"$1")
  printf '%s %s\n' "${sum%% *}" "$(stat -c %a -- "$1")"
}
module_state() {
  case $1 in
    overlay) ! grep -qw overlay /proc/filesystems || { echo present; return 0; } ;;
    br_netfilter) [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || { echo present; return 0; } ;;
  esac
  if [ -d "/sys/module/$1" ] || grep -qs "/${1//_/[-_]}\.ko" "/lib/modules/$(uname -r)/modules.builtin"; then
    echo present
  else
    echo missing
  fi
}
sysctl_value() {
  local words
  read -ra words 2>/dev/null <"/proc/sys/${1//.//}" || { echo missing; return 0; }
  echo "${words[*]-}"
}
package_version() {
  local state
  state=$(dpkg-query -W -f '${db:Status-Status} ${Version}' -- "$1" 2>/dev/null) || state=missing
  case $state in "installed "*) echo "${state#installed }" ;; *) echo missing ;; esac
}
package_hold() {
  dpkg-query -W -f '${db:Status-Want}\n' -- "$1" 2>/dev/null || echo missing
}
unit_enabled() { systemctl is-enabled -- "$1" 2>/dev/null || true; }
unit_active() { systemctl is-active -- "$1" 2>/dev/null || true; }
swap_active() {
  local areas
  areas=$(sed '1d; s/[[:space:]].*//' /proc/swaps | tr '\n' ' ')
  echo "${areas:-none}"
}
swap_units() {
  systemctl list-unit-files --no-legend --plain '*.swap' zramswap.service zram-config.service 2>/dev/null |
    awk '$2 != "masked" && $2 != "disabled" { print $1 }' || true
}
swap_at_boot() {
  local found unit
  found=$(awk '$1 !~ /^#/ && $3 == "swap" { printf "%s ", $1 }' /etc/fstab 2>/dev/null || true)
  for unit in $(swap_units); do found+="$unit "; done
  echo "${found:-none}"
}
containerd_value() {
  [ -n "${containerd_dump-}" ] || containerd_dump=$(containerd config dump 2>/dev/null) || containerd_dump='# unreadable'
  awk -v table="${1%/*}" -v name="${1##*/}" '
    BEGIN { here = table == "" }
    { gsub(/["\047]/, ""); sub(/^[ \t]+/, "") }
    /^\[/ { here = $0 == "[" table "]"; next }
    here && $1 == name && $2 == "=" { sub(/^[^=]*= */, ""); print; found = 1; exit }
    END { if (!found) print "missing" }
  ' <<<"$containerd_dump"
}
say() {
  local line field
  line=homelab-0123456789abcdef
  for field; do line+=$'\t'"${field//[^ -~]/ }"; done
  printf '%s\n' "$line"
}
observe() {
  case $1 in
    sysctl | sysctl-minimum) sysctl_value "$2" ;;
    file) digest "$2" ;;
    module) module_state "$2" ;;
    package) package_version "$2" ;;
    hold) package_hold "$2" ;;
    unit-enabled) unit_enabled "$2" ;;
    unit-active) unit_active "$2" ;;
    swap) case $2 in active) swap_active ;; *) swap_at_boot ;; esac ;;
    containerd) containerd_value "$2" ;;
    *) echo 'of a kind that this version does not know' ;;
  esac
}
facts() {
  local capabilities
  capabilities=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  say fact osId "$(. /etc/os-release && echo "$ID")"
  say fact osVersion "$(. /etc/os-release && echo "${VERSION_ID-}")"
  say fact osName "$(. /etc/os-release && echo "${PRETTY_NAME-$ID}")"
  say fact machine "$(uname -m)"
  say fact kernel "$(uname -r)"
  say fact hostname "$(uname -n)"
  say fact machineId "$(cat /etc/machine-id)"
  say fact cgroupVersion "$([ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] && echo 2 || echo 1)"
  say fact cpus "$(nproc --all)"
  say fact container "$(systemd-detect-virt --container)"
  say fact init "$(cat /proc/1/comm)"
  say fact sysResource "$((0x$capabilities >> 24 & 1))"
  say fact user "$(id -u)"
}
certificates() {
  local file end
  command -v openssl >/dev/null || return 0
  for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /etc/kubernetes/*.conf /var/lib/kubelet/pki/kubelet-client-current.pem; do
    [ -f "$file" ] || continue
    case $file in
      */*ca.crt | */kubelet.conf | */bootstrap-kubelet.conf) continue ;;
      *.conf) end=$(sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null) ;;
      *) end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) ;;
    esac
    [ -z "$end" ] || say fact "certificate $file" "${end#notAfter=}"
  done
}
macs() {
  local nic
  # What stands for a device: not bridges, tunnels and ends of pairs.
  for nic in /sys/class/net/*; do
    [ ! -e "$nic/device" ] || cat "$nic/address"
  done | sort -u | tr '\n' ' '
}
modules() {
  local name
  for name in br_netfilter overlay vxlan; do
    if [ "$(module_state "$name")" = present ]; then
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
# From the kernel's own lists, because ss may be missing.
listening() {
  local file files=() protocol port pid name
  for file in /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; do
    [ ! -r "$file" ] || files+=("$file")
  done
  find /proc/[0-9]*/fd -lname 'socket:*' -printf '%h %l\n' 2>/dev/null | awk '
    FILENAME !~ /^\/proc\// { split($1, path, "/"); gsub(/[^0-9]/, "", $2); holder[$2] = path[3]; next }
    { protocol = substr(FILENAME, 11, 3) }
    $4 != (protocol == "tcp" ? "0A" : "07") { next }
    { split($2, address, ":"); print protocol, address[2], ($10 in holder) ? holder[$10] : 0 }' - "${files[@]}" | sort -u |
    while read -r protocol port pid; do
      name=
      [ "$pid" = 0 ] || read -r name 2>/dev/null <"/proc/$pid/comm" || name=
      printf '%s:%d:%s:%s ' "$protocol" "$((16#$port))" "${pid#0}" "${name//[ :]/_}"
    done
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
condition() {
  local resolved
  say fact time "$(date +%s.%3N)"
  resolved=$(unit_active systemd-resolved.service)
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
  say fact kubeadm "$(cd /var/lib/homelab/kubeadm 2>/dev/null && first_existing completed joined started joining)"
  say fact kubernetesFile "$(first_existing /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/manifests/kube-apiserver.yaml /var/lib/etcd/member)"
}
claims() {
  local file step run line containerd_dump=
  [ ! -x /usr/bin/containerd ] || containerd_dump=$(containerd config dump 2>/dev/null) || containerd_dump='# unreadable'
  say folder "$(stat -c '%i %y' -- "$claims" 2>/dev/null)"
  for file in "$claims"/*.json; do
    [ -f "$file" ] || continue
    step=${file##*/}
    step=${step%.json}
    run=$(sed -n 's/^"run":"\(.*\)",$/\1/p' "$file")
    say step "$step" "$run"
    while IFS= read -r line; do
      [[ $line =~ ^\{\"kind\":\"([^\"]*)\",\"key\":\"([^\"]*)\",\"value\":\"([^\"]*)\"\},?$ ]] || continue
      set -- "${BASH_REMATCH[@]:1}"
      say claim "$step" "$1" "$2" "$3" "$(observe "$1" "$2")"
    done <"$file"
  done
}
main() { facts; certificates; condition; claims; say end; }
main </dev/null
