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

# Of Kubernetes and Cilium: their rules are in each other's chains. Only chains with their names are deleted; none of others is flushed.
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
