set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host=cp1 step=swap lock_seconds=300
die() {
  printf '%s: %s: %s\n' "$host" "$step" "$1${2:+; $2}" >&2
  exit 1
}
write_file() {
  local new=$1.homelab-new
  mkdir -p -- "${1%/*}"
  cat >"$new"
  chmod "$2" "$new"
  if [ ! -L "$1" ] && cmp -s -- "$new" "$1" && [ "$(stat -c %a -- "$1")" = "${2#0}" ]; then
    rm -f -- "$new"
  else
    mv -fT -- "$new" "$1"
    echo "wrote $1"
  fi
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
main() {
case $(. /etc/os-release && echo "$ID ${VERSION_ID-}") in
  "ubuntu 22.04" | "ubuntu 24.04" | "debian 12" | "debian 13") ;;
  *) die "$(. /etc/os-release && echo "${PRETTY_NAME-$ID}") is not supported" "use Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64; nothing was changed" ;;
esac
case $(uname -m) in x86_64 | aarch64) ;; *) die "$(uname -m) is not supported" "use Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64; nothing was changed" ;; esac
exec 9>>/run/homelab.lock
flock -w "$lock_seconds" 9 || die "the host is locked by another run ($(cat /run/homelab.lock)) and was not free after $lock_seconds s" "let it end or stop that process, then run pulumi up again"
printf 'process %s, step %s, since %s\n' "$$" "$step" "$(date -u +%FT%TZ)" >/run/homelab.lock
if grep -qsE '^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)' /etc/fstab; then
  sed -E 's/^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)/# off by homelab: &/' /etc/fstab |
    write_file /etc/fstab "$(stat -c %a /etc/fstab)"
  systemctl daemon-reload
fi
for unit in $(swap_units); do
  systemctl stop -- "$unit" 2>/dev/null || true
  systemctl mask -- "$unit" 2>/dev/null || systemctl disable -- "$unit" 2>/dev/null || true
  echo "turned off $unit"
done

[ "$(swap_at_boot)" = none ] || die "this would bring swap back at the next boot: $(swap_at_boot)" "remove it by hand, then run pulumi up again"
{
printf '{\n"step":"%s",\n"run":"%s",\n"claims":[\n' swap "$(cat /proc/sys/kernel/random/uuid)"
echo '{"kind":"swap","key":"at-boot","value":"none"}'
printf ']\n}\n'
} | write_file /var/lib/homelab/claims/swap.json 644 >/dev/null
}
main </dev/null
