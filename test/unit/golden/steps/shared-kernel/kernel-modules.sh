set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host=cp1 step=kernel-modules lock_seconds=300 before=/var/lib/homelab/before
die() {
  printf '%s: %s: %s\n' "$host" "$step" "$1${2:+; $2}" >&2
  exit 1
}
remembered() {
  local kind key
  [ -e "$before/journal" ] || return 1
  while IFS=$'\t' read -r kind key _; do
    [ "$kind" != "$1" ] || [ "$key" != "$2" ] || return 0
  done <"$before/journal"
  return 1
}
remember() {
  remembered "$1" "$2" || note_before "$@"
}
note_before() {
  mkdir -p -- "${before%/*}"
  install -d -m 700 -- "$before"
  [ ! -s "$before/journal" ] || [ -z "$(tail -c 1 "$before/journal")" ] || echo >>"$before/journal"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$before/journal"
  sync -- "$before/journal"
}
remember_folders() {
  local path above missing
  for path; do
    above=$path missing=()
    while [ -n "$above" ] && [ ! -e "$above" ]; do
      missing=("$above" "${missing[@]}")
      above=${above%/*}
    done
    for above in "${missing[@]}"; do remember folder "$above" absent; done
  done
}
remember_file() {
  case $1 in "${before%/*}"/* | /run/*) return 0 ;; esac
  ! remembered file "$1" || return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    install -d -m 700 -- "$before"
    mkdir -p -- "$before/files${1%/*}"
    cp -aT -- "$1" "$before/files$1.new"
    [ -L "$1" ] || sync -- "$before/files$1.new"
    mv -fT -- "$before/files$1.new" "$before/files$1"
    remember file "$1" kept
  else
    remember_folders "${1%/*}"
    remember file "$1" absent
  fi
}
remember_wrote() {
  local kind key value new
  case $1 in "${before%/*}"/* | /run/*) return 0 ;; esac
  new=$(digest "$2")
  while IFS=$'\t' read -r kind key value; do
    [ "$kind" != wrote ] || [ "$key" != "$1" ] || [ "$value" != "$new" ] || return 0
  done <"$before/journal"
  note_before wrote "$1" "$new"
}
write_file() {
  local new=$1.homelab-new
  remember_file "$1"
  mkdir -p -- "${1%/*}"
  cat >"$new"
  chmod "$2" "$new"
  if [ ! -L "$1" ] && cmp -s -- "$new" "$1" && [ "$(stat -c %a -- "$1")" = "${2#0}" ]; then
    rm -f -- "$new"
  else
    remember_wrote "$1" "$new"
    mv -fT -- "$new" "$1"
    echo "wrote $1"
  fi
}
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
main() {
case $(. /etc/os-release && echo "$ID ${VERSION_ID-}") in
  "ubuntu 22.04" | "ubuntu 24.04" | "debian 12" | "debian 13") ;;
  *) die "$(. /etc/os-release && echo "${PRETTY_NAME-$ID}") is not supported" "use Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64; nothing was changed" ;;
esac
case $(uname -m) in x86_64 | aarch64) ;; *) die "$(uname -m) is not supported" "use Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64; nothing was changed" ;; esac
exec 9>>/run/homelab.lock
flock -w "$lock_seconds" 9 || die "the host is locked by another run ($(cat /run/homelab.lock)) and was not free after $lock_seconds s" "let it end or stop that process, then run pulumi up again"
printf 'process %s, step %s, since %s\n' "$$" "$step" "$(date -u +%FT%TZ)" >/run/homelab.lock
for module in br_netfilter overlay; do
  [ "$(module_state "$module")" = present ] || modprobe -- "$module" 2>/dev/null || true
  [ "$(module_state "$module")" = present ] || die "the kernel module $module can't be loaded" "this machine shares its kernel: run 'modprobe $module' on the computer that it runs on"
done
{
printf '{\n"step":"%s",\n"run":"%s",\n"claims":[\n' kernel-modules "$(cat /proc/sys/kernel/random/uuid)"
echo '{"kind":"module","key":"br_netfilter","value":"present"},'
echo '{"kind":"module","key":"overlay","value":"present"}'
printf ']\n}\n'
} | write_file /var/lib/homelab/claims/kernel-modules.json 644 >/dev/null
}
main </dev/null
