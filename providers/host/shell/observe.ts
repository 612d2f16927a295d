/**
 * Shell functions that look at a host's real state. The steps guard and verify with them, and the inspection compares
 * claims with them: what a step takes as done and what the inspection takes as undrifted is the same.
 * Each prints one line and succeeds, whatever it finds.
 */

/** `digest PATH`: SHA-256 and mode. */
export const DIGEST = `digest() {
  [ -f "$1" ] || { echo missing; return 0; }
  local sum
  sum=$(sha256sum <"$1")
  printf '%s %s\\n' "\${sum%% *}" "$(stat -c %a -- "$1")"
}`;

/**
 * `module_state NAME`: `present` where the module is loaded, is built in, or where what it brings works. A module's file may have
 * hyphens where its name has underscores.
 */
export const MODULE_STATE = `module_state() {
  case $1 in
    overlay) ! grep -qw overlay /proc/filesystems || { echo present; return 0; } ;;
    br_netfilter) [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || { echo present; return 0; } ;;
  esac
  if [ -d "/sys/module/$1" ] || grep -qs "/\${1//_/[-_]}\\.ko" "/lib/modules/$(uname -r)/modules.builtin"; then
    echo present
  else
    echo missing
  fi
}`;

/** `sysctl_value NAME`: the value in effect, with single spaces. */
export const SYSCTL_VALUE = `sysctl_value() {
  local words
  read -ra words 2>/dev/null <"/proc/sys/\${1//.//}" || { echo missing; return 0; }
  echo "\${words[*]-}"
}`;

/** `package_version NAME`: the version of an installed package. */
export const PACKAGE_VERSION = `package_version() {
  local state
  state=$(dpkg-query -W -f '\${db:Status-Status} \${Version}' -- "$1" 2>/dev/null) || state=missing
  case $state in "installed "*) echo "\${state#installed }" ;; *) echo missing ;; esac
}`;

/** `package_hold NAME`: `hold` where apt must leave the package alone. */
export const PACKAGE_HOLD = `package_hold() {
  dpkg-query -W -f '\${db:Status-Want}\\n' -- "$1" 2>/dev/null || echo missing
}`;

/** `unit_enabled NAME`, `unit_active NAME`: as systemctl names the states. */
export const UNIT_ENABLED = `unit_enabled() { systemctl is-enabled -- "$1" 2>/dev/null || true; }`;
export const UNIT_ACTIVE = `unit_active() { systemctl is-active -- "$1" 2>/dev/null || true; }`;

/** `swap_active`: the swap areas in use. */
export const SWAP_ACTIVE = `swap_active() {
  local areas
  areas=$(sed '1d; s/[[:space:]].*//' /proc/swaps | tr '\\n' ' ')
  echo "\${areas:-none}"
}`;

/** `swap_at_boot`: what would bring swap back at the next boot: lines of fstab, units that aren't masked. */
export const SWAP_AT_BOOT = `swap_at_boot() {
  local found unit
  found=$(awk '$1 !~ /^#/ && $3 == "swap" { printf "%s ", $1 }' /etc/fstab 2>/dev/null || true)
  for unit in $(swap_units); do found+="$unit "; done
  echo "\${found:-none}"
}`;

/** `swap_units`: names of units that would bring swap back, zram's among them. */
export const SWAP_UNITS = `swap_units() {
  systemctl list-unit-files --no-legend --plain '*.swap' zramswap.service zram-config.service 2>/dev/null |
    awk '$2 != "masked" && $2 != "disabled" { print $1 }' || true
}`;

/** `containerd_value TABLE/NAME`: a value in effect in containerd's configuration, all without quotes. */
export const CONTAINERD_VALUE = `containerd_value() {
  [ -n "\${containerd_dump-}" ] || containerd_dump=$(containerd config dump 2>/dev/null) || containerd_dump='# unreadable'
  awk -v table="\${1%/*}" -v name="\${1##*/}" '
    BEGIN { here = table == "" }
    { gsub(/["\\047]/, ""); sub(/^[ \\t]+/, "") }
    /^\\[/ { here = $0 == "[" table "]"; next }
    here && $1 == name && $2 == "=" { sub(/^[^=]*= */, ""); print; found = 1; exit }
    END { if (!found) print "missing" }
  ' <<<"$containerd_dump"
}`;
