set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host='cp1'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' step=sysctls lock_seconds=300 before=/var/lib/homelab/before
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
remember_sysctl() {
  local name value
  for name; do
    value=$(sysctl_value "$name")
    [ "$value" = missing ] || remember sysctl "$name" "$value"
  done
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
sysctl_value() {
  local words
  read -ra words 2>/dev/null <"/proc/sys/${1//.//}" || { echo missing; return 0; }
  echo "${words[*]-}"
}
unit_enabled() { systemctl is-enabled -- "$1" 2>/dev/null || true; }
unit_active() { systemctl is-active -- "$1" 2>/dev/null || true; }
main() {
case $(. /etc/os-release && echo "$ID ${VERSION_ID-}") in
  "ubuntu 22.04" | "ubuntu 24.04" | "debian 12" | "debian 13") ;;
  *) die "$(. /etc/os-release && echo "${PRETTY_NAME-$ID}") is not supported" "use Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64; nothing was changed" ;;
esac
case $(uname -m) in x86_64 | aarch64) ;; *) die "$(uname -m) is not supported" "use Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64; nothing was changed" ;; esac
exec 9>>/run/homelab.lock
flock -w "$lock_seconds" 9 || die "the host is locked by another run ($(cat /run/homelab.lock)) and was not free after $lock_seconds s" "let it end or stop that process, then run pulumi up again"
printf 'process %s, step %s, since %s\n' "$$" "$step" "$(date -u +%FT%TZ)" >/run/homelab.lock
remember_sysctl fs.inotify.max_user_instances fs.inotify.max_user_watches net.bridge.bridge-nf-call-ip6tables net.bridge.bridge-nf-call-iptables net.core.somaxconn net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.fib_multipath_use_neigh kernel.keys.root_maxbytes kernel.keys.root_maxkeys kernel.panic kernel.panic_on_oops kernel.timer_migration net.core.bpf_jit_enable vm.overcommit_memory
write_file /etc/sysctl.d/99-zz-homelab.conf 644 <<'EOF'
# Written by homelab.
fs.inotify.max_user_instances = 512
fs.inotify.max_user_watches = 524288
net.bridge.bridge-nf-call-ip6tables = 1
net.bridge.bridge-nf-call-iptables = 1
net.core.somaxconn = 1 '; touch /pwned; $(touch /pwned) `touch /pwned` %s
net.ipv4.ip_forward = 1
EOF
set_sysctl() {
  [ "$(sysctl_value "$1")" = "$2" ] && return
  sysctl -qw "$1=$2" 2>/dev/null || true
  [ "$(sysctl_value "$1")" = "$2" ] || die "the sysctl $1 should be '$2' and is '$(sysctl_value "$1")'" "is the name right, and does the kernel allow the value? See 'sysctl -w $1=$2'"
  echo "set $1 to $2"
}
set_sysctl fs.inotify.max_user_instances 512
set_sysctl fs.inotify.max_user_watches 524288
set_sysctl net.bridge.bridge-nf-call-ip6tables 1
set_sysctl net.bridge.bridge-nf-call-iptables 1
set_sysctl net.core.somaxconn '1 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s'
set_sysctl net.ipv4.ip_forward 1

if [ "$(unit_active systemd-networkd.service)" = active ] || [ "$(unit_enabled systemd-networkd.service)" = enabled ]; then
  write_file /etc/systemd/networkd.conf.d/homelab.conf 644 <<'EOF'
# Written by homelab. Cilium's rules and routes are not networkd's: without these lines it deletes them when it starts.
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
EOF
fi
{
printf '{\n"step":"%s",\n"run":"%s",\n"claims":[\n' sysctls "$(cat /proc/sys/kernel/random/uuid)"
echo '{"kind":"file","key":"/etc/sysctl.d/99-zz-homelab.conf","value":"d0f30809ffe48c0895c8b8014578e400c0af82ba8278b2059a6a99e1a2b02126 644"},'
echo '{"kind":"sysctl","key":"fs.inotify.max_user_instances","value":"512"},'
echo '{"kind":"sysctl","key":"fs.inotify.max_user_watches","value":"524288"},'
echo '{"kind":"sysctl","key":"net.bridge.bridge-nf-call-ip6tables","value":"1"},'
echo '{"kind":"sysctl","key":"net.bridge.bridge-nf-call-iptables","value":"1"},'
echo '{"kind":"sysctl","key":"net.core.somaxconn","value":"1 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s"},'
echo '{"kind":"sysctl","key":"net.ipv4.ip_forward","value":"1"},'
echo '{"kind":"file","key":"/etc/systemd/networkd.conf.d/homelab.conf","value":"'"$(digest /etc/systemd/networkd.conf.d/homelab.conf)"'"}'
printf ']\n}\n'
} | write_file /var/lib/homelab/claims/sysctls.json 644 >/dev/null
}
main </dev/null
