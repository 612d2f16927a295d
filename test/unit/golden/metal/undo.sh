set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
host=w1 step=undo lock_seconds=300 before=/var/lib/homelab/before
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
swap_active() {
  local areas
  areas=$(sed '1d; s/[[:space:]].*//' /proc/swaps | tr '\n' ' ')
  echo "${areas:-none}"
}
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
refuse_foreign_cluster() {
  local file
  kubeadm_is_ours=no
  for file in started completed joining joined; do
    [ ! -e "/var/lib/homelab/kubeadm/$file" ] || kubeadm_is_ours=yes
  done
  [ "$kubeadm_is_ours" = no ] || return 0
  for file in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/kube-apiserver.yaml; do
    [ ! -e "$file" ] || die "there is a Kubernetes node that this program did not make ($file exists); nothing was changed" "if it may go, run 'kubeadm reset' on the host, then repeat; if it stays, take the host out of the state with 'pulumi state delete'"
  done
}
unmount_below() {
  local path
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r path; do
    # The kernel writes spaces as \040.
    path=$(printf '%b' "$path")
    umount -- "$path" 2>/dev/null || umount --lazy -- "$path" || die "$path can't be unmounted" "see 'findmnt $path' on the host"
  done
}
reset_kubeadm() {
  local log=/var/log/homelab/kubeadm-reset.log
  [ "$kubeadm_is_ours" = yes ] && [ ! -e /var/lib/homelab/kubeadm/reset ] && [ -n "$(command -v kubeadm)" ] || return 0
  install -d -m 0700 /var/log/homelab
  timeout 300 kubeadm reset --force --cleanup-tmp-dir --cri-socket unix:///run/containerd/containerd.sock >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "'kubeadm reset' failed; all of its output is in $log" "mend that and repeat"
  }
  touch /var/lib/homelab/kubeadm/reset
}
# Process 0 stands for those of other machines on the same kernel.
kill_pods() {
  local id pid file words
  if [ "$(unit_active containerd.service)" = active ]; then
    for id in $(ctr -n k8s.io containers ls -q 2>/dev/null || true); do
      ctr -n k8s.io tasks rm --force "$id" >/dev/null 2>&1 || true
      ctr -n k8s.io containers rm "$id" >/dev/null 2>&1 || true
    done
  fi
  { find /sys/fs/cgroup -path '*/kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null || true; } | sort -u | while read -r pid; do
    [ "$pid" -le 1 ] || kill -KILL "$pid" 2>/dev/null || true
  done
  for file in /proc/[0-9]*/cmdline; do
    { mapfile -d '' -t words <"$file"; } 2>/dev/null || continue
    case ${words[*]-} in *containerd-shim*" -namespace k8s.io "*) ;; *) continue ;; esac
    pid=${file#/proc/}
    kill -KILL "${pid%/cmdline}" 2>/dev/null || true
  done
}
end_kubernetes() {
  local path
  systemctl stop kubelet.service 2>/dev/null || true
  reset_kubeadm
  kill_pods
  for path in /var/lib/kubelet /run/containerd/io.containerd.grpc.v1.cri /run/containerd/io.containerd.runtime.v2.task/k8s.io /run/cilium; do
    unmount_below "$path"
  done
  [ "$kubeadm_is_ours" = yes ] || return 0
  for path in admin super-admin kubelet bootstrap-kubelet controller-manager scheduler; do rm -f -- "/etc/kubernetes/$path.conf"; done
  for path in etcd kube-apiserver kube-controller-manager kube-scheduler; do rm -f -- "/etc/kubernetes/manifests/$path.yaml"; done
  rm -rf --one-file-system -- /etc/kubernetes/pki /etc/kubernetes/tmp
  if [ -e /var/lib/homelab/kubeadm/started ] || [ -e /var/lib/homelab/kubeadm/completed ]; then
    rm -rf --one-file-system -- /var/lib/etcd/member
    rmdir /var/lib/etcd 2>/dev/null || true
  fi
}
end_cilium_files() {
  local file
  rm -f -- /etc/cni/net.d/05-cilium.conf /etc/cni/net.d/05-cilium.conflist /etc/sysctl.d/99-zzz-override_cilium.conf
  rm -f -- /opt/cni/bin/cilium-cni /opt/cni/bin/.cilium-cni.new /opt/cni/bin/.cilium-cni.old /opt/cni/bin/cilium-mount /opt/cni/bin/cilium-sysctlfix
  # What Cilium put aside is somebody else's.
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
    [ "$ended" = no ] || [ -n "$(tc filter show dev "$device" ingress; tc filter show dev "$device" egress)" ] || tc qdisc del dev "$device" clsact 2>/dev/null || true
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
end_iptables_chains() {
  local tool commands
  for tool in iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
    [ -n "$(command -v "$tool-save")" ] || continue
    commands=$("$tool-save" 2>/dev/null | awk '
      BEGIN { ours = "^(OLD_)?(KUBE-|CILIUM_)" }
      /^\*/ { table = $0; rules = flush = delete_ = "" }
      /^:/ { name = substr($1, 2); if (name ~ ours) { flush = flush "-F " name "\n"; delete_ = delete_ "-X " name "\n" } }
      /^-A / && $2 !~ ours {
        bare = $0
        gsub(/"([^"\\]|\\.)*"/, "", bare)
        if (bare ~ / -[jg] (OLD_)?(KUBE-|CILIUM_)/) rules = rules "-D" substr($0, 3) "\n"
      }
      /^COMMIT/ && rules flush != "" { printf "%s\n%s%s%sCOMMIT\n", table, rules, flush, delete_ }' || true)
    [ -z "$commands" ] || "$tool-restore" --noflush --wait 30 <<<"$commands" ||
      die "the iptables chains of Kubernetes and Cilium can't be deleted" "see '$tool-save' on the host"
  done
}
entries() {
  [ ! -e "$before/journal" ] || awk -F '\t' -v kind="$1" -v OFS='\t' '$1 == kind { print $2, $3 }' "$before/journal"
}
kept() { printf 'kept %s\n' "$1"; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
same_file() {
  if [ -L "$1" ] || [ -L "$2" ]; then
    [ "$(readlink -- "$1" || true)" = "$(readlink -- "$2" || true)" ]
  else
    [ -f "$1" ] && [ -f "$2" ] && [ "$(digest "$1")" = "$(digest "$2")" ]
  fi
}
is_ours() {
  local path digest sum
  [ ! -L "$1" ] || return 1
  sum=$(digest "$1")
  while IFS=$'\t' read -r -u 4 path digest; do
    [ "$path" != "$1" ] || [ "$digest" != "$sum" ] || return 0
  done 4< <(entries wrote)
  # As its package brought it.
  dpkg-query -W -f '${Conffiles}\n' 2>/dev/null | grep -qF " $1 $(md5sum <"$1" | cut -d ' ' -f 1)"
}
copy_whole() {
  mkdir -p -- "${2%/*}"
  cp -aT -- "$1" "$2.homelab-new"
  mv -fT -- "$2.homelab-new" "$2"
}
keep_theirs() {
  local path was
  # Lines that the swap step switched off are switched on again whatever else was changed there.
  [ ! -f /etc/fstab ] || ! grep -q '^# off by homelab: ' /etc/fstab || sed -i 's/^# off by homelab: //' /etc/fstab
  while IFS=$'\t' read -r -u 3 path was; do
    case ${path##*/} in *homelab*) continue ;; esac
    is_there "$path" || continue
    ! remembered theirs "$path" || continue
    if [ "$was" = kept ] && same_file "$path" "$before/files$path"; then continue; fi
    ! is_ours "$path" || continue
    copy_whole "$path" "$before/theirs$path"
    remember theirs "$path" kept
  done 3< <(entries file)
}
files_back() {
  local path was
  while IFS=$'\t' read -r -u 3 path was; do
    rm -f -- "$path.homelab-new"
    if remembered theirs "$path"; then
      is_there "$path" || copy_whole "$before/theirs$path" "$path"
      if [ "$was" = kept ] && is_there "$before/files$path"; then copy_whole "$before/files$path" "$path.before-homelab"; fi
      kept "$path: somebody changed it after us$([ "$was" = absent ] || echo "; as it was before: $path.before-homelab")"
    elif [ "$was" = absent ]; then
      rm -f -- "$path"
    elif is_there "$before/files$path" && ! same_file "$path" "$before/files$path"; then
      copy_whole "$before/files$path" "$path"
    fi
  done 3< <(entries file)
}
folders_back() {
  local path
  while IFS=$'\t' read -r -u 3 path _; do
    case $path in
      */containerd)
        if [ -n "$(command -v containerd)" ]; then
          kept "$path: containerd is still installed"
          continue
        fi
        ;;
    esac
    unmount_below "$path"
    rm -rf --one-file-system -- "$path"
  done 3< <(entries data)
  while IFS=$'\t' read -r -u 3 path _; do
    [ -d "$path" ] || continue
    # Empty folders in it are what kubeadm or a daemon left of its own.
    find "$path" -xdev -depth -type d -empty -delete 2>/dev/null || true
    [ ! -d "$path" ] || kept "$path: there are files in it that are not ours"
  done 3< <(entries folder | tac)
}
packages_back() {
  local name was state purge=() remove=()
  await_dpkg
  [ -z "$(dpkg --audit)" ] || quietly dpkg --force-confold --configure -a
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$was" = hold ] || [ "$(package_hold "$name")" != hold ] || quietly apt-mark unhold "$name"
  done 3< <(entries hold)
  while IFS=$'\t' read -r -u 3 name was; do
    state=$(dpkg-query -W -f '${db:Status-Status}' -- "$name" 2>/dev/null || true)
    case $was:$state in
      *: | *:not-installed | config-files:config-files) ;;
      config-files:*) remove+=("$name") ;;
      *) purge+=("$name") ;;
    esac
  done 3< <(entries package)
  # dpkg, unlike apt, takes nothing else along: what another package needs stays.
  [ "${#remove[@]}" -eq 0 ] || dpkg --remove -- "${remove[@]}" >/dev/null 2>&1 || true
  [ "${#purge[@]}" -eq 0 ] || dpkg --purge -- "${purge[@]}" >/dev/null 2>&1 || true
  for name in "${remove[@]}" "${purge[@]}"; do
    [ "$(package_version "$name")" = missing ] || kept "the package $name: other packages need it"
  done
  while IFS=$'\t' read -r -u 3 name was; do
    state=$(package_version "$name")
    [ "$state" = "$was" ] || kept "the package $name at $state; it was at $was before"
  done 3< <(entries version)
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$(package_version "$name")" != missing ] || kept "no package $name; $was was there before another one took its place"
  done 3< <(entries removed)
}
units_off() {
  local unit enabled active
  while IFS=$'\t ' read -r -u 3 unit enabled active; do
    case $enabled:$(unit_enabled "$unit") in
      disabled:enabled | not-found:enabled) systemctl --quiet disable -- "$unit" 2>/dev/null || true ;;
    esac
    [ "$active" = active ] || systemctl stop -- "$unit" 2>/dev/null || true
  done 3< <(entries unit)
}
units_back() {
  local unit enabled active
  systemctl daemon-reload
  while IFS=$'\t ' read -r -u 3 unit enabled active; do
    case $enabled:$(unit_enabled "$unit") in
      masked:masked) ;;
      masked:*) systemctl --quiet mask -- "$unit" 2>/dev/null || true ;;
      *:masked) systemctl --quiet unmask -- "$unit" 2>/dev/null || true ;;
    esac
    case $enabled:$(unit_enabled "$unit") in
      enabled:disabled) systemctl --quiet enable -- "$unit" 2>/dev/null || kept "$unit: it can't be enabled" ;;
    esac
    [ "$active" != active ] || [ "$(unit_active "$unit")" = active ] || systemctl start -- "$unit" 2>/dev/null || kept "$unit: it does not start"
  done 3< <(entries unit)
  # The containers of others go on meanwhile: their shims hold them.
  [ "$(unit_active containerd.service)" != active ] || systemctl restart containerd.service || kept "containerd: it does not start"
}
kernel_back() {
  local name was
  while IFS=$'\t' read -r -u 3 name _; do
    case " $(swap_active) " in *" $name "*) ;; *) swapon -- "$name" 2>/dev/null || kept "swap off: $name can't be switched on" ;; esac
  done 3< <(entries swap)
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$(sysctl_value "$name")" = "$was" ] || sysctl -qw "$name=$was" 2>/dev/null || kept "the sysctl $name at $(sysctl_value "$name"); it was $was before"
  done 3< <(entries sysctl)
  # One that is in use stays until the next boot.
  while IFS=$'\t' read -r -u 3 name _; do modprobe -r -- "$name" 2>/dev/null || true; done 3< <(entries module)
}
refuse_foreign_cluster
end_kubernetes
end_cilium
end_iptables_chains
keep_theirs
units_off
packages_back
files_back
folders_back
units_back
kernel_back
[ ! -e /var/lib/longhorn ] || kept "/var/lib/longhorn: volumes may be in it"
rm -rf -- /var/log/homelab /var/lib/homelab/claims /var/lib/homelab/kubeadm /var/lib/homelab/containerd-restart /var/lib/homelab/tailscale
rm -f -- "$before/journal"
rm -rf -- "$before"
[ ! -d /var/lib/homelab ] || rmdir /var/lib/homelab 2>/dev/null || kept "/var/lib/homelab: there is something else in it"
}
main </dev/null
