set -u
host=$(uname -n) step=inspection marker=homelab-0123456789abcdef
# (the library)
# shellcheck shell=bash
# Prints what there is to know of a host, and changes nothing: its facts, and for each fact that its steps expect what is
# expected and what is found. Each line starts with $marker; fields are separated by tabs; the last line is `end`. What is
# missing on a minimal host (openssl, modprobe, ss) must not end it.

# say FIELD...: tabs and newlines separate; whatever a host shows must not.
say() {
  local line=$marker field
  for field; do line+=$'\t'"${field//[^ -~]/ }"; done
  printf '%s\n' "$line"
}

facts() {
  local capabilities
  capabilities=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  say fact osId "$(os_release ID)"
  say fact osVersion "$(os_release VERSION_ID)"
  say fact osName "$(os_release PRETTY_NAME)"
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

# Until when the certificates of kubeadm and kubelet are valid, as openssl prints dates. Those of the authorities last ten
# years and are not among them.
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

# The lines `step NAME RUN` and `expected NAME KIND KEY EXPECTED FOUND`; `folder` changes when a file is removed or added.
expected_state() {
  local file name run line
  cache_facts
  say folder "$(stat -c '%i %y' -- "$expected" 2>/dev/null)"
  for file in "$expected"/*.json; do
    [ -f "$file" ] || continue
    name=${file##*/}
    name=${name%.json}
    run=$(sed -n 's/^"run":"\(.*\)",$/\1/p' "$file")
    say step "$name" "$run"
    while IFS= read -r line; do
      [[ $line =~ ^\{\"kind\":\"([^\"]*)\",\"key\":\"([^\"]*)\",\"value\":\"([^\"]*)\"\},?$ ]] || continue
      set -- "${BASH_REMATCH[@]:1}"
      say expected "$name" "$1" "$2" "$3" "$(observe "$1" "$2")"
    done <"$file"
  done
}
needed_modules='br_netfilter overlay vxlan'
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
main() { facts; certificates; preflight_facts; expected_state; say end; }
main </dev/null
