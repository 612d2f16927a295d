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

reset_kubeadm() {
  local log=/var/log/homelab/kubeadm-reset.log
  [ "$kubeadm_is_ours" = yes ] && [ ! -e "$kubeadm_state/reset" ] && [ -n "$(command -v kubeadm)" ] || return 0
  install -d -m 0700 /var/log/homelab
  timeout 300 kubeadm reset --force --cleanup-tmp-dir --cri-socket unix:///run/containerd/containerd.sock >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "'kubeadm reset' failed; all of its output is in $log" "fix that and repeat"
  }
  touch "$kubeadm_state/reset"
}

# Process 0 means those of other machines on the same kernel.
kill_pods() {
  local id pid file words
  if [ "$(observe_unit_active containerd.service)" = active ]; then
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
  if [ -e "$kubeadm_state/started" ] || [ -e "$kubeadm_state/completed" ]; then
    rm -rf --one-file-system -- /var/lib/etcd/member
    rmdir /var/lib/etcd 2>/dev/null || true
  fi
}
