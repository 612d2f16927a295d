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
main() { facts; certificates; claims; say end; }
main </dev/null
