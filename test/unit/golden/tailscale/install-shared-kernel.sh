set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host=w1 step=tailscale lock_seconds=300 before=/var/lib/homelab/before
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
remember_data() {
  local path
  for path; do
    [ -e "$path" ] || remember data "$path" absent
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
package_version() {
  local state
  state=$(dpkg-query -W -f '${db:Status-Status} ${Version}' -- "$1" 2>/dev/null) || state=missing
  case $state in "installed "*) echo "${state#installed }" ;; *) echo missing ;; esac
}
package_hold() {
  dpkg-query -W -f '${db:Status-Want}\n' -- "$1" 2>/dev/null || echo missing
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
fingerprints() {
  gpg --homedir "$work" --batch --show-keys --with-colons "$1" 2>/dev/null | awk -F: '
    $1 == "pub" { primary = 1; state = $2 == "e" ? " (expired)" : "" }
    $1 == "fpr" && primary { printf "%s%s%s", found++ ? ", " : "", $10, state; primary = 0 }' || true
}
apt_key() {
  local work=/run/homelab-key seen
  rm -rf -- "$work"
  mkdir -m 700 "$work"
  if [ "$(fingerprints "$3")" != "$2" ]; then
    quietly curl -fsSL --retry 3 --retry-all-errors --connect-timeout 15 --max-time 120 -o "$work/key" -- "$1"
    seen=$(fingerprints "$work/key")
    [ "$seen" = "$2" ] || {
      rm -rf -- "$work"
      die "the key at $1 has the fingerprint ${seen:-(none: it is no OpenPGP key)}, the pinned one is $2" "nothing was installed. Compare both with what the publisher says; if its key was replaced, set the new fingerprint in homelab:mirrors (apt)"
    }
    if grep -q '^-----BEGIN' "$work/key"; then gpg --homedir "$work" --batch --dearmor <"$work/key" >"$work/ring"; else cp "$work/key" "$work/ring"; fi
    write_file "$3" 644 <"$work/ring"
  fi
  rm -rf -- "$work"
}
apt_packages() {
  local source=$1 item name version differing=() exact=()
  shift
  for item; do
    case $(package_version "${item%%=*}") in "${item#*=}" | "${item#*=}~"*) ;; *) differing+=("$item") ;; esac
  done
  if [ "${#differing[@]}" -gt 0 ]; then
    [ -z "$(dpkg --audit)" ] || quietly dpkg --force-confold --configure -a
    apt update -o Dir::Etc::sourcelist="$source" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
    for item in "${differing[@]}"; do
      name=${item%%=*}
      version=$(apt-cache madison "$name" | awk -v want="${item#*=}" '$3 == want || index($3, want "~") == 1 { print $3; exit }')
      [ -n "$version" ] || die "$source offers no $name ${item#*=}" "it offers: $(apt-cache madison "$name" | awk '{ printf "%s ", $3 }')"
      exact+=("$name=$version")
    done
    apt install --no-install-recommends --allow-change-held-packages --allow-downgrades -- "${exact[@]}"
    echo "installed ${exact[*]}"
  fi
  for item; do
    [ "$(package_hold "${item%%=*}")" != hold ] || continue
    remember hold "${item%%=*}" "$(package_hold "${item%%=*}")"
    quietly apt-mark hold "${item%%=*}"
  done
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
if [ ! -e /var/lib/homelab/tailscale ] && command -v tailscale >/dev/null; then
  case $(timeout 30 tailscale status --json --peers=false 2>/dev/null || true) in
    *'"HaveNodeKey": true'*)
      die "this host is in a tailnet already, and not by this program; nothing was changed" "run 'tailscale logout' on it if the program may take that over, or set addons.tailscale.machines.enabled to false" ;;
  esac
fi
remember_unit tailscaled.service
remember_data /var/lib/tailscale /var/cache/tailscale
mkdir -p /var/lib/homelab
touch /var/lib/homelab/tailscale
printf 'PORT="41641"\nFLAGS="--tun=userspace-networking"\n' | write_file /etc/default/tailscaled 644
. /etc/os-release
url='https://pkgs.tailscale.com/stable/{distribution}'
url=${url//'{distribution}'/$ID}
apt_key "$url/$VERSION_CODENAME.noarmor.gpg" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /etc/apt/keyrings/homelab-tailscale.gpg
echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/homelab-tailscale.gpg] $url $VERSION_CODENAME main" |
  write_file /etc/apt/sources.list.d/homelab-tailscale.list 644
apt_packages /etc/apt/sources.list.d/homelab-tailscale.list 'tailscale=1.102.5'
[ "$(unit_enabled tailscaled.service)" = enabled ] || quietly systemctl enable tailscaled.service
[ "$(unit_active tailscaled.service)" = active ] || quietly systemctl start tailscaled.service
case $(tr '\0' ' ' 2>/dev/null <"/proc/$(systemctl show -p MainPID --value tailscaled.service)/cmdline") in *--tun=userspace-networking*) ;; *) quietly systemctl restart tailscaled.service ;; esac
{
printf '{\n"step":"%s",\n"run":"%s",\n"claims":[\n' tailscale "$(cat /proc/sys/kernel/random/uuid)"
echo '{"kind":"file","key":"/etc/apt/keyrings/homelab-tailscale.gpg","value":"'"$(digest /etc/apt/keyrings/homelab-tailscale.gpg)"'"},'
echo '{"kind":"file","key":"/etc/apt/sources.list.d/homelab-tailscale.list","value":"'"$(digest /etc/apt/sources.list.d/homelab-tailscale.list)"'"},'
echo '{"kind":"package","key":"tailscale","value":"1.102.5"},'
echo '{"kind":"hold","key":"tailscale","value":"hold"},'
echo '{"kind":"file","key":"/etc/default/tailscaled","value":"'"$(digest /etc/default/tailscaled)"'"},'
echo '{"kind":"unit-enabled","key":"tailscaled.service","value":"enabled"},'
echo '{"kind":"unit-active","key":"tailscaled.service","value":"active"}'
printf ']\n}\n'
} | write_file /var/lib/homelab/claims/tailscale.json 644 >/dev/null
}
main </dev/null
