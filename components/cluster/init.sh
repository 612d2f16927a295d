# shellcheck shell=bash
# kubeadm init on the first control plane, guarded on what is there. $registration, $cluster and $patch are set before it.
# kubeadm prints tokens, so all that it says goes to a log on the host that only root reads.

state=$kubeadm_state
log=/var/log/homelab/kubeadm-init.log
config=$state/init.yaml
api_limit=240
install -d -m 0700 "$state" "$state/patches" /var/log/homelab

await_api() {
  poll "$api_limit" api_answers || die "the API server does not answer after $api_limit s; see: journalctl -u kubelet"
}

logged() {
  "$@" >>"$log" 2>&1 || {
    grep -vi token "$log" | tail -n 25 >&2
    die "'$1 $2 ${3-}' failed; all of its output is in $log"
  }
}

write_config() {
  printf '%s---\n%s' "$registration" "$cluster" | write_file "$config" 600
  printf '%s' "$cluster" | write_file "$state/cluster.yaml" 600
  write_kubelet_patch "$patch"
}

init() {
  write_config
  : >"$log"
  logged kubeadm init --config "$config" --skip-token-print --skip-certificate-key-print
}

finish() {
  logged kubeadm init phase upload-config all --config "$config"
  logged kubeadm init phase mark-control-plane --config "$config"
  logged kubeadm init phase bootstrap-token --config "$config" --skip-token-print
  logged kubeadm init phase kubelet-finalize all --config "$config"
  logged kubeadm init phase addon coredns --config "$config"
}

take_back() {
  logged kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock
  rm -rf /etc/kubernetes/manifests /var/lib/etcd
}

# Joins make tokens of their own, short-lived ones; those of 'kubeadm init' would be valid for a day.
delete_tokens() {
  local id
  kubeadm token list -o jsonpath='{.token}{"\n"}' 2>/dev/null | cut -d. -f1 | while read -r id; do
    [ -z "$id" ] || kubeadm token delete "$id" >>"$log" 2>&1
  done
}

if [ -e "$state/completed" ]; then
  await_api
  if ! printf '%s' "$cluster" | cmp -s - "$state/cluster.yaml"; then
    printf '%s' "$cluster" | diff -U0 "$state/cluster.yaml" - | tail -n +3 >&2 || true
    die "the settings of a running cluster can't be changed in place yet (the lines above); nothing was changed; take the change back, or build the cluster again"
  fi
  apply_kubelet_patch "$patch" "$log"
else
  if [ ! -e "$state/started" ]; then
    refuse_foreign_kubernetes
    touch "$state/started"
    init
  elif api_answers; then
    finish
  else
    take_back
    init
  fi
  await_api
  delete_tokens
  mv "$state/started" "$state/completed"
fi
