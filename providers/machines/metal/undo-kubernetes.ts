import { KUBEADM_STATE } from "../../kubeadm/kubeadm-state";

/**
 * Shell functions that take Kubernetes off a host.
 *
 * `refuse_foreign_cluster`: ends where a cluster runs that this program did not make. `end_kubernetes`: kubelet, pods and what
 * kubeadm made. Volumes are unmounted before their mount points are deleted, and nothing is deleted across file systems.
 */
export const END_KUBERNETES = `refuse_foreign_cluster() {
  local file
  kubeadm_is_ours=no
  for file in started completed joining joined; do
    [ ! -e "${KUBEADM_STATE}/$file" ] || kubeadm_is_ours=yes
  done
  [ "$kubeadm_is_ours" = no ] || return 0
  for file in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/kube-apiserver.yaml; do
    [ ! -e "$file" ] || die "there is a Kubernetes node that this program did not make ($file exists); nothing was changed" "if it may go, run 'kubeadm reset' on the host, then repeat; if it stays, take the host out of the state with 'pulumi state delete'"
  done
}
unmount_below() {
  local path
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r path; do
    # The kernel writes spaces as \\040.
    path=$(printf '%b' "$path")
    umount -- "$path" 2>/dev/null || umount --lazy -- "$path" || die "$path can't be unmounted" "see 'findmnt $path' on the host"
  done
}
reset_kubeadm() {
  local log=/var/log/homelab/kubeadm-reset.log
  [ "$kubeadm_is_ours" = yes ] && [ ! -e ${KUBEADM_STATE}/reset ] && [ -n "$(command -v kubeadm)" ] || return 0
  install -d -m 0700 /var/log/homelab
  timeout 300 kubeadm reset --force --cleanup-tmp-dir --cri-socket unix:///run/containerd/containerd.sock >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "'kubeadm reset' failed; all of its output is in $log" "mend that and repeat"
  }
  touch ${KUBEADM_STATE}/reset
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
    case \${words[*]-} in *containerd-shim*" -namespace k8s.io "*) ;; *) continue ;; esac
    pid=\${file#/proc/}
    kill -KILL "\${pid%/cmdline}" 2>/dev/null || true
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
  if [ -e ${KUBEADM_STATE}/started ] || [ -e ${KUBEADM_STATE}/completed ]; then
    rm -rf --one-file-system -- /var/lib/etcd/member
    rmdir /var/lib/etcd 2>/dev/null || true
  fi
}`;
