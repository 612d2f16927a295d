# shellcheck shell=bash
# kubeadm init on the first control plane, guarded on what is there. $registration, $cluster, $settings_hash, $patch, $ports and
# $api_limit are set before it.
# kubeadm prints tokens, so all that it says goes to a log on the host that only root reads.

state=$kubeadm_state
log=/var/log/homelab/kubeadm-init.log
config=$state/init.yaml
install -d -m 0700 "$state" "$state/patches" /var/log/homelab

await_api() {
  poll "$api_limit" api_answers || die "the API server does not answer after $api_limit s; see: journalctl -u kubelet"
}

logged() { "$@" >>"$log" 2>&1; }

# The lines of the log without tokens, which are on a line of their own.
show_log() { grep -vi token "$log" | tail -n 25 >&2 || true; }

# Whether what was begun here is what is wanted.
is_wanted() { printf '%s' "$cluster" | cmp -s - "$state/cluster.yaml"; }

# Whether the cluster was made from these settings, before this program added arguments of its own to them.
is_older() {
  local hash
  hash=$(sha256sum <"$state/cluster.yaml")
  [ "${hash%% *}" = "$settings_hash" ]
}

write_config() { printf '%s---\n%s' "$registration" "$cluster" | write_file "$config" 600; }

init() {
  write_config
  printf '%s' "$cluster" | write_file "$state/cluster.yaml" 600
  write_kubelet_patch "$patch"
  : >"$log"
  logged kubeadm init --config "$config" --skip-token-print --skip-certificate-key-print || {
    show_log
    die "'kubeadm init' failed; all of its output is in $log" "fix what it says and run pulumi up again: it takes back what is there and begins again. Where only time was missing, raise homelab:cluster kubeadm.timeouts"
  }
}

# Ends what an interrupted init has left to do. Also the first phase that asks the API server gives its administrator the rights.
finish() {
  write_config
  logged kubeadm init phase upload-config all --config "$config" \
    && logged kubeadm init phase mark-control-plane --config "$config" \
    && logged kubeadm init phase bootstrap-token --config "$config" --skip-token-print \
    && logged kubeadm init phase kubelet-finalize all --config "$config" \
    && logged kubeadm init phase addon coredns --config "$config"
}

take_back() {
  reset_node "$log" "$ports"
  rm -rf -- /etc/kubernetes/manifests /var/lib/etcd/member
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
  if ! is_wanted && ! is_older; then
    printf '%s' "$cluster" | diff -U0 "$state/cluster.yaml" - | tail -n +3 >&2 || true
    die "the settings of a running cluster can't be changed in place yet (the lines above); nothing was changed; take the change back, or build the cluster again"
  fi
  write_config
  apply_kubelet_patch "$patch" "$log"
else
  if [ ! -e "$state/started" ]; then
    refuse_foreign_kubernetes
    touch "$state/started"
    init
  elif ! { is_wanted && api_answers && finish; }; then
    take_back
    init
  fi
  await_api
  delete_tokens
  mv "$state/started" "$state/completed"
fi
restrict_kubelet_config
# Whoever has it is beyond RBAC. admin.conf does all that this program needs, and kubeadm makes it again: see docs/security.md.
rm -f /etc/kubernetes/super-admin.conf
