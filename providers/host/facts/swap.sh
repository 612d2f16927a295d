# observe_swap active: the swap areas in use; `none`.
# observe_swap at-boot: what would bring swap back at the next boot: lines of fstab, units that aren't masked; `none`.
observe_swap() {
  case $1 in active) swap_active ;; *) swap_at_boot ;; esac
}

swap_active() {
  local areas
  areas=$(sed '1d; s/[[:space:]].*//' /proc/swaps | tr '\n' ' ')
  echo "${areas:-none}"
}

swap_at_boot() {
  local found unit
  found=$(awk '$1 !~ /^#/ && $3 == "swap" { printf "%s ", $1 }' /etc/fstab 2>/dev/null || true)
  for unit in $(swap_units); do found+="$unit "; done
  echo "${found:-none}"
}

# swap_units: names of units that would bring swap back, zram's among them.
swap_units() {
  systemctl list-unit-files --no-legend --plain '*.swap' zramswap.service zram-config.service 2>/dev/null \
    | awk '$2 != "masked" && $2 != "disabled" { print $1 }' || true
}

# Is put before a line of fstab that is switched off.
swap_off='# off by homelab: '

remember_swap() {
  local device
  for device in $(swap_active); do [ "$device" = none ] || remember swap "$device" active; done
}

# swap_off_at_boot: in fstab, and in units, which may be made by generators.
swap_off_at_boot() {
  local unit line='^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
  if grep -qsE "$line" /etc/fstab; then
    sed -E "s/$line/$swap_off&/" /etc/fstab | write_file /etc/fstab "$(stat -c %a /etc/fstab)"
    systemctl daemon-reload
  fi
  for unit in $(swap_units); do
    remember_unit "$unit"
    systemctl stop -- "$unit" 2>/dev/null || true
    systemctl mask -- "$unit" 2>/dev/null || systemctl disable -- "$unit" 2>/dev/null || true
    echo "turned off $unit"
  done
  [ "$(swap_at_boot)" = none ] || die "this would bring swap back at the next boot: $(swap_at_boot)" "remove it by hand, then run pulumi up again"
}

swap_off_now() {
  [ "$(swap_active)" != none ] || return 0
  swapoff -a || true
  [ "$(swap_active)" = none ] || die "swap could not be turned off: $(swap_active)" "free some memory, run 'swapoff -a' on the host, then pulumi up again"
}

# Lines that were switched off are switched on again whatever else was changed in the file.
prepare_restore_swap() {
  [ ! -f /etc/fstab ] || ! grep -q "^$swap_off" /etc/fstab || sed -i "s/^$swap_off//" /etc/fstab
}

restore_swap() {
  local device
  while IFS=$'\t' read -r -u 3 device _; do
    case " $(swap_active) " in *" $device "*) ;; *) swapon -- "$device" 2>/dev/null || kept "swap off: $device can't be switched on" ;; esac
  done 3< <(entries swap)
}
