# shellcheck shell=bash
# What a host's firewall will do with the packets of pods. Its rules are tried, not read, because every firewall writes them in another
# way: they are loaded into a network namespace, which has the host's device and address and a pod beside it, and packets are sent there.
# The namespaces end with this script; on the host itself nothing changes.
#
# It prints the words KIND:PROTOCOL:PORT of what gets through without the rules and not with them; nothing where there are no rules,
# or where they can't be tried. Kinds: `pod-host`, `host-pod`, and `pod-outside` for what the pod sends to the host's nameserver.

# firewall_rules: sets what the copy is made of. What was never loaded must not be loaded for the question.
firewall_rules() {
  local tool family table text
  iptables_nft='' iptables_legacy='' native='' sets='' devices=''
  [ -z "$(command -v iptables-nft-save)" ] || iptables_nft=$(iptables-nft-save 2>/dev/null)
  if [ -s /proc/net/ip_tables_names ] && [ -n "$(command -v iptables-legacy-save)" ]; then
    iptables_legacy=$(iptables-legacy-save 2>/dev/null)
  fi
  if [ -n "$(command -v nft)" ]; then
    while read -r _ family table; do
      # A table that iptables can show is in its copy.
      ! grep -qx "[*]$table" <<<"$iptables_nft" || [ "$family" != ip ] || continue
      text=$(nft -s list table "$family" "$table" 2>/dev/null)
      # IPv6's own tables decide nothing here, and those that ip6tables made can't be loaded by nft.
      case $family in ip6 | bridge | arp) continue ;; esac
      native+=$text$'\n'
    done < <(nft list tables 2>/dev/null)
  fi
  devices=$(ip -o link show 2>/dev/null | awk -F ': ' '{ sub(/@.*/, "", $2); print $2 }')
  [ -z "$(command -v ipset)" ] || sets=$(ipset save 2>/dev/null)
  for tool in iptables_nft iptables_legacy; do
    # Chains that accept everything and have no rule are none.
    grep -qE '^-A |^:[^ ]+ DROP ' <<<"${!tool}" || printf -v "$tool" '%s' ''
  done
  [ -n "$iptables_nft$iptables_legacy${native//[[:space:]]/}" ]
}

# firewall_by: who has made the rules, as far as it is known, for what to do.
firewall_by() {
  if grep -qsx 'ENABLED=yes' /etc/ufw/ufw.conf; then
    echo ufw
  elif [ "$(observe_unit_active firewalld.service)" = active ]; then
    echo firewalld
  elif [ -n "${native//[[:space:]]/}" ]; then
    echo nftables
  else
    echo iptables
  fi
}

# native_chains: words HOOK:FAMILY:TABLE:CHAIN of nftables' own chains that filter.
native_chains() {
  awk '
    $1 == "table" { family = $2; table = $3 }
    $1 == "chain" { chain = $2 }
    $1 == "type" && $2 == "filter" && $4 ~ /^(input|output|forward)$/ { printf "%s:%s:%s:%s ", $4, family, table, chain }' <<<"$native"
}

# namespace: makes a network namespace that lives as long as the process in $namespace.
namespace() {
  local own tries
  own=$(readlink /proc/self/ns/net)
  unshare --net sleep 60 >/dev/null 2>&1 &
  namespace=$!
  for ((tries = 0; tries < 100; tries++)); do
    [ "$(readlink "/proc/$namespace/ns/net")" = "$own" ] || return 0
    sleep 0.02
  done
  return 1
}

inside() {
  local process=$1
  shift
  nsenter --net="/proc/$process/ns/net" "$@"
}

# firewall_copy: makes the host's network once more, in this namespace: the device $node_device with the address $node, a pod, and a
# nameserver outside.
firewall_copy() {
  local device
  namespace || return 1
  pod_namespace=$namespace
  namespace || return 1
  outside_namespace=$namespace
  ip link set lo up
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip link add lxc0000homelab type veth peer name eth0 netns "$pod_namespace" || return 1
  ip link add "$node_device" type veth peer name eth0 netns "$outside_namespace" || return 1
  ip address add "$node/32" dev "$node_device"
  for device in lxc0000homelab "$node_device"; do ip link set "$device" up; done
  ip route add "$pod/32" dev lxc0000homelab
  ip route add "$nameserver/32" dev "$node_device"
  inside "$pod_namespace" ip address add "$pod/32" dev eth0
  inside "$outside_namespace" ip address add "$nameserver/32" dev eth0
  for process in "$pod_namespace" "$outside_namespace"; do
    inside "$process" ip link set eth0 up
    inside "$process" ip route add default via "$node" dev eth0 onlink
  done
  # Rules of nftables that name the host's other devices can't be loaded without them.
  for device in $devices; do
    ip link add "$device" type veth peer name "x${#device}$RANDOM" 2>/dev/null || true
  done
}

# Into the chain FORWARD of iptables Cilium puts its own rules first, as every network of pods does. Other tables have the last word.
load_firewall() {
  local tool rules
  [ -z "$sets" ] || ipset restore <<<"$sets" || return 1
  for tool in nft legacy; do
    rules=iptables_$tool
    [ -n "${!rules}" ] || continue
    "iptables-$tool-restore" <<<"${!rules}" || return 1
    grep -qx '[*]filter' <<<"${!rules}" || continue
    "iptables-$tool" -I FORWARD -i lxc+ -j ACCEPT
    "iptables-$tool" -I FORWARD -o lxc+ -j ACCEPT
  done
  [ -z "${native//[[:space:]]/}" ] || nft -f - <<<"$native"
}

# try_packets SECONDS: prints the words of the packets that arrive.
try_packets() {
  local port number=0 kinds=() to_host=() at_host=()
  for port in $ports; do
    to_host+=("probe:tcp:$port:$node:$number")
    at_host+=("listen:tcp:$port:1")
    kinds+=("pod-host:tcp:$port")
    number=$((number + 1))
  done
  kinds+=("pod-outside:udp:53" "host-pod:tcp:8080")
  {
    inside "$pod_namespace" perl - try "$1" listen:tcp:8080:1 "${to_host[@]}" "probe:udp:53:$nameserver:$number" <<<"$probe_program" &
    inside "$outside_namespace" perl - try "$1" listen:udp:53:1 <<<"$probe_program" &
    perl - try "$1" "${at_host[@]}" "probe:tcp:8080:$pod:$((number + 1))" <<<"$probe_program" &
    wait
  } | while read -r _ what number how; do
    [ "$what $how" != 'probe ok' ] || echo "${kinds[number]}"
  done
}

# tried_firewall: in a namespace of its own. The processes that hold the others are ended in any case. How long a slow host takes is known
# from the packets without rules: they all arrive.
tried_firewall() {
  local open through word
  trap 'kill $(jobs -p) 2>/dev/null' EXIT
  firewall_copy >/dev/null 2>&1 || return 0
  SECONDS=0
  open=$(try_packets 8)
  through=$((2 + 2 * SECONDS))
  load_firewall >/dev/null 2>&1 || return 0
  through=$(try_packets "$through")
  for word in $open; do grep -qx "$word" <<<"$through" || echo "$word"; done
}

# firewall: the whole. Needs in $node and $node_device the host's address and device, in $pod an address of pods, in $nameserver that of
# one outside, in $ports those to which pods connect, in $probe_program the text of probe.pl.
firewall() {
  # shellcheck disable=SC2016 # expanded in the namespace
  timeout 45 unshare --net bash -c "$(declare -f namespace inside firewall_copy load_firewall try_packets tried_firewall)
$(declare -p iptables_nft iptables_legacy native sets devices node node_device pod nameserver ports probe_program)
tried_firewall" </dev/null 2>/dev/null | sort -u | tr '\n' ' '
}

# firewall_facts ADDRESSES NAMESERVERS: both as the facts have them.
firewall_facts() {
  local node_device='' nameserver=9.9.9.9 word
  for word in $1; do [[ $word != *":$node/"* ]] || node_device=${word%%:*}; done
  # Addresses of the host's own would make another network of it.
  for word in $2; do
    if [[ $word =~ ^[0-9.]+$ && $word != 127.* && " $1" != *":$word/"* ]]; then
      nameserver=$word
      break
    fi
  done
  [ -n "$node_device" ] && firewall_rules || return 0
  say fact firewallBy "$(firewall_by)"
  say fact firewallChains "$(native_chains)"
  say fact firewallBlocks "$(firewall)"
}
