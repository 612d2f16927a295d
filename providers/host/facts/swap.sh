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
  found=$(swap_in_fstab | tr '\n' ' ')
  for unit in $(swap_units); do found+="$unit "; done
  echo "${found:-none}"
}

# swap_in_fstab: the first field of the lines that are swap's, as they are there.
swap_in_fstab() { awk '$1 !~ /^#/ && $3 == "swap" { print $1 }' /etc/fstab 2>/dev/null || true; }

# Services that make swap areas and switch them on. What makes units of swap (fstab, zram-generator, rpi-swap) is found by those.
swap_services='armbian-zram-config.service dphys-swapfile.service nvzramconfig.service swapspace.service zram-config.service zram-swap.service zramd.service zramswap.service'

# swap_units: names of units that would bring swap back.
swap_units() {
  # shellcheck disable=SC2086 # a list of names
  systemctl list-unit-files --no-legend --plain '*.swap' $swap_services 2>/dev/null \
    | awk '$2 != "masked" && $2 != "masked-runtime" && $2 != "disabled" { print $1 }' || true
}

# swap_origins: lines ORIGIN:AREA of the areas in use, where the origin is what switches the area on at each boot: `fstab`, a unit, or
# `unknown`.
swap_origins() {
  local area kind known origin path by
  known=$(known_swap)
  while read -r area kind _; do
    [ "$kind" != Type ] || continue
    origin=unknown
    while IFS=: read -r by path; do
      case $path in
        zram) [[ $area == /dev/zram* ]] || continue ;;
        */) [[ $area == "$path"* ]] || continue ;;
        *) [ "$area" = "$path" ] || [ "$(readlink -f -- "$area")" = "$path" ] || continue ;;
      esac
      origin=$by
      break
    done <<<"$known"
    printf '%s:%s\n' "$origin" "$area"
  done </proc/swaps
}

# known_swap: lines ORIGIN:AREA of what is switched on at each boot. An area with a slash at its end is a folder; `zram` is each of zram's.
known_swap() {
  local area unit
  swap_in_fstab | while read -r area; do
    case $area in *=*) area=$(findfs "${area//\"/}" 2>/dev/null) || continue ;; esac
    printf 'fstab:%s\n' "$(readlink -f -- "$area")"
  done
  for unit in $(swap_units); do
    case $unit in
      *.swap) area=$(readlink -f -- "$(systemctl show -p What --value -- "$unit" 2>/dev/null)") ;;
      dphys-swapfile.*) area=$(file_value CONF_SWAPFILE /etc/dphys-swapfile /var/swap) ;;
      swapspace.*) area=$(file_value swappath /etc/swapspace.conf /var/lib/swapspace)/ ;;
      *) area=zram ;;
    esac
    printf '%s:%s\n' "$unit" "$area"
  done
}

# file_value NAME FILE DEFAULT: what a line NAME=VALUE of the file says.
file_value() {
  local value
  value=$(sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*\"\{0,1\}\([^\"[:space:]]*\).*/\1/p" "$2" 2>/dev/null | tail -n 1)
  echo "${value:-$3}"
}

# Is put before a line of fstab that is switched off.
swap_off='# off by homelab: '

# remember_swap: the areas in use, but those that a service makes again when it is started.
remember_swap() {
  local origin area
  while IFS=: read -r -u 3 origin area; do
    case $origin in *.service) ;; *) remember swap "$area" active ;; esac
  done 3< <(swap_origins)
}

# swap_off_at_boot: in fstab, and in units, which may be made by generators.
swap_off_at_boot() {
  local unit line='^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
  if grep -qsE "$line" /etc/fstab; then
    sed -E "s/$line/$swap_off&/" /etc/fstab | write_file /etc/fstab "$(stat -c %a /etc/fstab)"
    systemctl daemon-reload
  fi
  for unit in $(swap_units); do
    remember_unit "$unit"
    systemctl stop -- "$unit" 2>/dev/null || true
    systemctl mask -- "$unit" >/dev/null 2>&1 || systemctl disable -- "$unit" >/dev/null 2>&1 || true
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

# A service that is started again has switched its own areas on.
restore_swap() {
  local device
  while IFS=$'\t' read -r -u 3 device _; do
    case " $(swap_active) " in *" $device "*) ;; *) swapon -- "$device" 2>/dev/null || kept "swap off: $device can't be switched on" ;; esac
  done 3< <(entries swap)
}
