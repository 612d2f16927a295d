# shellcheck shell=bash
# What tells whether a host can be prepared, and may change from one inspection to the next. Lists are words in one line:
# - modules: NAME:present, NAME:loadable or NAME:missing
# - listening: tcp|udp:PORT:PROCESS ID:ITS NAME; without id and name the kernel itself listens
# - addresses: DEVICE:IPv4 ADDRESS/PREFIX LENGTH, without loopback; without a DEVICE where the program ip is missing
# - deviceMacs: DEVICE=MAC of the devices with an address, and of the real ones
# - swap: ORIGIN:AREA of what is in use; see swap_origins
# - readOnly: of /proc/sys and the cgroups, what can't be written
# - owners: FOLDER:USER ID of the folders of network plugins that aren't root's
# - firewallBlocks, firewallChains: see firewall.sh
# - unfinishedPackages: STATE OF DPKG:PACKAGE
# - kubeadm: how far this program's own kubeadm came; kubernetesFile: a file of any cluster's

device_macs() {
  local nic name
  for nic in /sys/class/net/*; do
    name=${nic##*/}
    # Bridges, tunnels and ends of pairs have addresses of their own making.
    if [ -e "$nic/device" ] || [[ " $1" == *" $name:"* ]]; then printf '%s=%s ' "$name" "$(cat "$nic/address" 2>/dev/null)"; fi
  done
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

# Without the program ip the kernel's own list says less.
addresses() {
  if [ -n "$(command -v ip)" ]; then
    ip -o -4 address show 2>/dev/null | awk '$2 != "lo" { printf "%s:%s ", $2, $4 }'
  else
    awk '$2 ~ /^[0-9.]+$/ { address = $2 } /32 host LOCAL/ && address !~ /^127\./ { print ":" address "/32" }' /proc/net/fib_trie 2>/dev/null | sort -u | tr '\n' ' '
  fi
}

# mount_at PATH: file system, options, and whether mounts are passed on (`shared`), of what the path is on, whether it exists or not.
mount_at() {
  awk -v path="$(readlink -m -- "$1")" '
    { at = $5; gsub(/\\040/, " ", at); below = at == "/" ? at : at "/" }
    path == at || index(path, below) == 1 {
      if (length(at) < longest) next
      longest = length(at); shared = ""
      for (i = 7; $i != "-"; i++) if ($i ~ /^shared:/) shared = " shared"
      found = $(i + 1) " " $6 shared
    }
    END { print found }' /proc/self/mountinfo 2>/dev/null
}

is_read_only() { [[ ,$(mount_at "$1" | cut -d ' ' -f 2), == *,ro,* ]]; }

# On cgroup v1 the folder above the controllers is read-only everywhere.
read_only() {
  local path paths=(/proc/sys)
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then paths+=(/sys/fs/cgroup); else paths+=(/sys/fs/cgroup/{cpu,memory,pids}); fi
  for path in "${paths[@]}"; do
    [ ! -e "$path" ] || ! is_read_only "$path" || printf '%s ' "$path"
  done
}

controllers() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    cat /sys/fs/cgroup/cgroup.controllers
  else
    awk '$4 == 1 { printf "%s ", $1 }' /proc/cgroups 2>/dev/null
  fi
}

owners() {
  local folder uid
  for folder in /opt/cni /opt/cni/bin /etc/cni /etc/cni/net.d; do
    [ -d "$folder" ] || continue
    uid=$(stat -L -c %u -- "$folder" 2>/dev/null)
    [ "${uid:-0}" = 0 ] || printf '%s:%s ' "$folder" "$uid"
  done
}

free_mib() { df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'; }
first_existing() {
  local file
  for file; do
    if [ -e "$file" ]; then
      echo "$file"
      return 0
    fi
  done
}

# container_facts: what a container may lack.
container_facts() {
  # It can be a link to a console: what counts is that it opens.
  say fact kmsg "$({ : </dev/kmsg; } 2>/dev/null && echo readable)"
  say fact uidMap "$(awk '{ print $1, $2, $3 }' /proc/self/uid_map 2>/dev/null | head -n 1)"
  say fact rootMount "$(mount_at /)"
  say fact readOnly "$(read_only)"
}

kernel_facts() {
  say fact modules "$(modules)"
  say fact controllers "$(controllers)"
  say fact cgroupArguments "$(grep -so 'cgroup_[a-z]*=[^ ]*' /proc/cmdline | tr '\n' ' ')"
  say fact bootFile "$(first_existing /boot/firmware/cmdline.txt /boot/cmdline.txt /boot/armbianEnv.txt /etc/default/grub)"
  say fact swap "$(swap_origins 2>/dev/null | tr '\n' ' ')"
}

# $1: the fact addresses.
network_facts() {
  local resolved resolver
  resolved=$(observe_unit_active systemd-resolved.service)
  resolver=/etc/resolv.conf
  [ "$resolved" != active ] || resolver=/run/systemd/resolve/resolv.conf
  say fact resolved "$resolved"
  say fact nameservers "$(nameservers /etc/resolv.conf)"
  say fact resolvedNameservers "$(nameservers /run/systemd/resolve/resolv.conf)"
  say fact addresses "$1"
  say fact deviceMacs "$(device_macs "$1")"
  say fact listening "$(listening)"
  # The rules of a node's own network would be tried with the host's.
  [ -z "$pod" ] || [ -n "$(own_kubeadm)" ] || firewall_facts "$1" "$(nameservers "$resolver")"
}

own_kubeadm() { cd "$kubeadm_state" 2>/dev/null && first_existing completed joined started joining; }

preflight_facts() {
  say fact time "$(date +%s.%3N)"
  say fact memoryMiB "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
  say fact varFreeMiB "$(free_mib /var)"
  say fact rootFreeMiB "$(free_mib /)"
  say fact containerdMount "$(mount_at /var/lib/containerd)"
  say fact zfsVersion "$(cat /sys/module/zfs/version 2>/dev/null)"
  say fact owners "$(owners)"
  say fact productUuid "$(cat /sys/class/dmi/id/product_uuid 2>/dev/null)"
  say fact unfinishedPackages "$(unfinished_packages)"
  say fact kubeadm "$(own_kubeadm)"
  # shellcheck disable=SC2086 # a list of paths without spaces
  say fact kubernetesFile "$(first_existing $kubernetes_files)"
  container_facts
  kernel_facts
  network_facts "$(addresses)"
}
