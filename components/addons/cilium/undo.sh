# shellcheck shell=bash
# Removes Cilium from a host: its files, links, rules, routes and programs. Only what has its names is deleted.

end_cilium_files() {
  local file
  rm -f -- /etc/cni/net.d/05-cilium.conf /etc/cni/net.d/05-cilium.conflist /etc/sysctl.d/99-zzz-override_cilium.conf
  rm -f -- /opt/cni/bin/cilium-cni /opt/cni/bin/.cilium-cni.new /opt/cni/bin/.cilium-cni.old /opt/cni/bin/cilium-mount /opt/cni/bin/cilium-sysctlfix
  # What Cilium has renamed belongs to others.
  for file in /etc/cni/net.d/*.cilium_bak; do
    [ ! -e "$file" ] || mv -nT -- "$file" "${file%.cilium_bak}"
  done
  rm -rf --one-file-system -- /run/cilium
}

end_cilium_programs() {
  local device way pref ended
  for device in /sys/class/net/*; do
    device=${device##*/} ended=no
    for way in ingress egress; do
      for pref in $(tc filter show dev "$device" "$way" 2>/dev/null | awk '/ cil_/ { for (i = 1; i < NF; i++) if ($i == "pref") print $(i + 1) }' | sort -u); do
        tc filter del dev "$device" "$way" pref "$pref" 2>/dev/null || true
        ended=yes
      done
    done
    [ "$ended" = no ] || [ -n "$(
      tc filter show dev "$device" ingress
      tc filter show dev "$device" egress
    )" ] || tc qdisc del dev "$device" clsact 2>/dev/null || true
  done
  rm -rf --one-file-system -- /sys/fs/bpf/cilium /sys/fs/bpf/tc/globals/cilium_*
}

end_cilium_links() {
  local device
  for device in /sys/class/net/*; do
    device=${device##*/}
    # LXC's own names are lxcbr0 and veth…
    [[ $device =~ ^(cilium_[a-z0-9_]+|lxc_health|lxc[0-9a-f]{12})$ ]] || continue
    ip link delete dev "$device" 2>/dev/null || true
  done
}

# Cilium moves the rule for local addresses from 0 to 100, so that its own come first.
end_cilium_rules() {
  local family priority rule
  for family in -4 -6; do
    while read -r -u 3 priority rule; do
      priority=${priority%:}
      if [[ $rule =~ \ fwmark\ (0x[0-9a-f]+/0xf00)\ lookup\ (200|201|2004|2005)( |$) ]]; then
        ip "$family" rule del priority "$priority" fwmark "${BASH_REMATCH[1]}" table "${BASH_REMATCH[2]}" || true
      elif [[ "$priority $rule" =~ ^100\ from\ all\ lookup\ local( |$) ]]; then
        [ -n "$(ip "$family" rule show priority 0)" ] || ip "$family" rule add priority 0 table local
        ip "$family" rule del priority 100 table local || true
      fi
    done 3< <(ip "$family" rule show 2>/dev/null || true)
    ip "$family" route flush table 2004 2>/dev/null || true
    ip "$family" route flush table 2005 2>/dev/null || true
  done
}

end_cilium() {
  end_cilium_files
  [ -z "$(command -v tc)" ] || end_cilium_programs
  if [ -n "$(command -v ip)" ]; then
    end_cilium_links
    end_cilium_rules
  fi
}
