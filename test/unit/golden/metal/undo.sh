set -euo pipefail
host=w1 step=undo
# (the library)
main() {
begin
# shellcheck shell=bash
# Ends Kubernetes on a host: kubelet, pods and what kubeadm made. Volumes are unmounted before their mount points are deleted,
# and nothing is deleted across file systems.

# refuse_foreign_cluster: ends where a cluster runs that this program did not make.
refuse_foreign_cluster() {
  local file
  kubeadm_is_ours=no
  for file in started completed joining joined; do
    [ ! -e "$kubeadm_state/$file" ] || kubeadm_is_ours=yes
  done
  [ "$kubeadm_is_ours" = yes ] \
    || refuse_foreign_kubernetes "if it stays, take the host out of the state with 'pulumi state delete'"
}

reset_own_node() {
  [ "$kubeadm_is_ours" = yes ] && [ ! -e "$kubeadm_state/reset" ] && [ -n "$(command -v kubeadm)" ] || return 0
  install -d -m 0700 /var/log/homelab
  reset_kubeadm /var/log/homelab/kubeadm-reset.log
  touch "$kubeadm_state/reset"
}

end_kubernetes() {
  local path
  systemctl stop kubelet.service 2>/dev/null || true
  reset_own_node
  kill_pods
  for path in /var/lib/kubelet /run/containerd/io.containerd.grpc.v1.cri /run/containerd/io.containerd.runtime.v2.task/k8s.io /run/cilium; do
    unmount_below "$path"
  done
  [ "$kubeadm_is_ours" = yes ] || return 0
  for path in admin super-admin kubelet bootstrap-kubelet controller-manager scheduler; do rm -f -- "/etc/kubernetes/$path.conf"; done
  for path in etcd kube-apiserver kube-controller-manager kube-scheduler; do rm -f -- "/etc/kubernetes/manifests/$path.yaml"; done
  rm -rf --one-file-system -- /etc/kubernetes/pki /etc/kubernetes/tmp
  if [ -e "$kubeadm_state/started" ] || [ -e "$kubeadm_state/completed" ]; then
    rm -rf --one-file-system -- /var/lib/etcd/member
    rmdir /var/lib/etcd 2>/dev/null || true
  fi
}

# shellcheck shell=bash
# Removes the network of the pods from a host. end_cilium: its files, links, rules, routes and programs; end_iptables_chains:
# the chains of Kubernetes and Cilium. Only what has their names is deleted; no chain of others is flushed.

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
    [ -z "$commands" ] || "$tool-restore" --noflush --wait 30 <<<"$commands" \
      || die "the iptables chains of Kubernetes and Cilium can't be deleted" "see '$tool-save' on the host"
  done
}

refuse_foreign_cluster
end_kubernetes
end_cilium
end_iptables_chains
prepare_restore module
prepare_restore sysctl
prepare_restore swap
prepare_restore containerd
prepare_restore unit
prepare_restore file
prepare_restore package
prepare_restore hold
restore hold
restore package
restore file
restore unit
restore containerd
restore swap
restore sysctl
restore module
[ ! -e /var/lib/longhorn ] || kept "/var/lib/longhorn: volumes may be in it"
for name in expected claims kubeadm containerd-restart tailscale; do rm -rf -- "/var/lib/homelab/$name"; done
rm -rf -- /var/log/homelab /var/lib/homelab/library.sh
rm -f -- "$before/journal"
rm -rf -- "$before"
[ ! -d /var/lib/homelab ] || rmdir /var/lib/homelab 2>/dev/null || kept "/var/lib/homelab: there is something else in it"
}
main </dev/null
