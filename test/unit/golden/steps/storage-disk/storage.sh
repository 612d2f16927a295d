set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host=w1 step=storage lock_seconds=300 before=/var/lib/homelab/before
die() {
  printf '%s: %s: %s\n' "$host" "$step" "$1${2:+; $2}" >&2
  exit 1
}
quietly() {
  local log=/run/homelab.log status=0
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || { tail -n 20 "$log" >&2; die "'$*' ended with exit code $status" "its last lines are above; mend that and run pulumi up again"; }
  rm -f "$log"
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
remember_unit() {
  local enabled
  enabled=$(unit_enabled "$1")
  remember unit "$1" "${enabled:-not-found} $(unit_active "$1")"
}
remember_packages() {
  local planned action name version
  # Where the plan can't be made, the real run fails too, and says why.
  planned=$(apt-get -qq -s -o Debug::NoLocking=1 "$@" 2>/dev/null) || return 0
  while read -r action name version _; do
    case $version in "["*) version=${version#[} version=${version%]} ;; *) version='' ;; esac
    case $action in
      Inst) if [ -n "$version" ]; then remember version "$name" "$version"; else remember package "$name" "$(package_traces "$name")"; fi ;;
      Remv) remember removed "$name" "${version:-unknown}" ;;
    esac
  done <<<"$planned"
}
package_traces() {
  case $(dpkg-query -W -f '${db:Status-Status}' -- "$1" 2>/dev/null || true) in config-files) echo config-files ;; *) echo absent ;; esac
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
package_version() {
  local state
  state=$(dpkg-query -W -f '${db:Status-Status} ${Version}' -- "$1" 2>/dev/null) || state=missing
  case $state in "installed "*) echo "${state#installed }" ;; *) echo missing ;; esac
}
unit_enabled() { systemctl is-enabled -- "$1" 2>/dev/null || true; }
unit_active() { systemctl is-active -- "$1" 2>/dev/null || true; }
lock_holder() {
  local kind pid fd
  while read -r _ kind _ _ pid _; do
    [ "$kind" = POSIX ] || continue
    for fd in /proc/"$pid"/fd/*; do
      if [ "$fd" -ef "$1" ]; then
        printf '%s (%s)\n' "$pid" "$(cat "/proc/$pid/comm")"
        return 0
      fi
    done
  done </proc/locks
  return 1
}
await_dpkg() {
  local file holder waited=0
  for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    while holder=$(lock_holder "$file"); do
      [ "$waited" -lt "$lock_seconds" ] || die "$file is still held by process $holder after $waited s" "let it end or stop it, then run pulumi up again"
      sleep 2
      waited=$((waited + 2))
    done
  done
}
apt() {
  await_dpkg
  [ "$1" != install ] || remember_packages "$@"
  quietly apt-get -qq -y -o APT::Keep-Downloaded-Packages=false -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confold "$@"
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
disk=/mnt/ssd
mountpoint -q -- "$disk" || die "no disk is mounted at $disk, which the inventory names for the volumes" "mount it there, with a line in /etc/fstab, or mend storage.disk in homelab:machines; nothing is formatted by this program"
for module in dm_crypt iscsi_tcp; do
  [ "$(module_state "$module")" = present ] || modprobe -- "$module" 2>/dev/null || true
  [ "$(module_state "$module")" = present ] || die "the kernel module $module can't be loaded" "this machine shares its kernel: run 'modprobe $module' on the computer that it runs on; or leave the host out of storage: storage.enabled: false, in homelab:machines"
done

remember_unit iscsid.service
missing=()
for name in cryptsetup nfs-common open-iscsi; do
  [ "$(package_version "$name")" != missing ] || missing+=("$name")
done
if [ "${#missing[@]}" -gt 0 ]; then
  [ -z "$(dpkg --audit)" ] || quietly dpkg --force-confold --configure -a
  apt update
  apt install --no-install-recommends -- "${missing[@]}"
  echo "installed ${missing[*]}"
fi
[ "$(unit_enabled iscsid.service)" = enabled ] || quietly systemctl enable iscsid.service
if [ "$(unit_active iscsid.service)" != active ]; then
  systemctl reset-failed iscsid.service 2>/dev/null || true
  systemctl start iscsid.service >/dev/null 2>&1 || true
  [ "$(unit_active iscsid.service)" = active ] || die "iscsid does not start, so the host can't attach Longhorn's volumes" "see 'journalctl -u iscsid' on the host; or leave the host out of storage: storage.enabled: false, in homelab:machines"
  echo "started iscsid"
fi
if [ "$(package_version multipath-tools)" != missing ]; then
  write_file /etc/multipath/conf.d/homelab-longhorn.conf 644 <<'EOF'
# Written by homelab. Longhorn's volumes are used by their own device: multipath must not take them.
blacklist {
    device {
        vendor "IET"
        product "VIRTUAL-DISK"
    }
}
EOF
  [ "$(unit_active multipathd.service)" != active ] || quietly systemctl reload multipathd.service
  multipath -t 2>/dev/null | grep -E '^[[:space:]]*vendor[[:space:]]+"?IET"?[[:space:]]*$' >/dev/null || die "multipath does not leave Longhorn's devices alone: it doesn't read /etc/multipath/conf.d/homelab-longhorn.conf" "see 'multipath -t' and config_dir in /etc/multipath.conf; or 'apt-get purge multipath-tools', where nothing else needs it"
fi
data=/mnt/ssd/longhorn
remember_folders "$data"
mkdir -p -- "$data" || die "the folder for Longhorn's data, $data, can't be made" "see addons.longhorn.dataPath and the node's storage.disk"
{
printf '{\n"step":"%s",\n"run":"%s",\n"claims":[\n' storage "$(cat /proc/sys/kernel/random/uuid)"
echo '{"kind":"module","key":"dm_crypt","value":"present"},'
echo '{"kind":"module","key":"iscsi_tcp","value":"present"},'
echo '{"kind":"package","key":"cryptsetup","value":"*"},'
echo '{"kind":"package","key":"nfs-common","value":"*"},'
echo '{"kind":"package","key":"open-iscsi","value":"*"},'
echo '{"kind":"unit-enabled","key":"iscsid.service","value":"enabled"},'
echo '{"kind":"unit-active","key":"iscsid.service","value":"active"},'
echo '{"kind":"file","key":"/etc/multipath/conf.d/homelab-longhorn.conf","value":"'"$(digest /etc/multipath/conf.d/homelab-longhorn.conf)"'"}'
printf ']\n}\n'
} | write_file /var/lib/homelab/claims/storage.json 644 >/dev/null
}
main </dev/null
