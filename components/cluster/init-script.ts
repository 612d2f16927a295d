import { quote } from "../../providers/host/shell/quote";
import { KUBEADM_STATE } from "../../providers/kubeadm/kubeadm-state";
import { kubeletPatchFunctions } from "../../providers/kubeadm/kubelet-patch-script";

const API_LIMIT_SECONDS = 240;

export interface InitScriptArgs {
  /** kubeadm's InitConfiguration: it matters once, when the node registers. */
  registration: string;
  /** kubeadm's ClusterConfiguration and the KubeletConfiguration. */
  cluster: string;
  /** Kubelet settings of this node alone, as a kubeadm patch; empty for none. */
  kubeletPatch: string;
}

/**
 * `kubeadm init`, guarded on what is there:
 * a cluster that this program finished: its API is awaited, nothing else; one that it began: finished where the API
 * answers, else taken back and begun anew; anything else that looks like Kubernetes: refused.
 *
 * kubeadm prints tokens, so all that it says goes to a log on the host that only root reads.
 */
export function initScript(args: InitScriptArgs): string {
  return `state=${KUBEADM_STATE}
log=/var/log/homelab/kubeadm-init.log
config="$state/init.yaml"
install -d -m 0700 "$state" "$state/patches" /var/log/homelab

registration=${quote(args.registration)}
cluster=${quote(args.cluster)}
${kubeletPatchFunctions(args.kubeletPatch)}
api_answers() {
  [ -s /etc/kubernetes/admin.conf ] &&
    kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 5s get --raw /readyz >/dev/null 2>&1
}

await_api() {
  local deadline=$((SECONDS + ${API_LIMIT_SECONDS}))
  until api_answers; do
    [ "$SECONDS" -lt "$deadline" ] ||
      die "the API server does not answer after ${API_LIMIT_SECONDS} s; look at: journalctl -u kubelet"
    sleep 1
  done
}

logged() {
  "$@" >>"$log" 2>&1 || {
    grep -vi token "$log" | tail -n 25 >&2
    die "'$1 $2 \${3-}' failed; all of its output is in $log"
  }
}

write_config() {
  printf '%s---\\n%s' "$registration" "$cluster" | write_file "$config" 600
  printf '%s' "$cluster" | write_file "$state/cluster.yaml" 600
  write_kubelet_patch
}

refuse_foreign_cluster() {
  local file
  for file in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/kube-apiserver.yaml \\
    /var/lib/etcd/member; do
    [ ! -e "$file" ] ||
      die "there is a Kubernetes node that this program did not make ($file exists); nothing was changed; if it may go, run 'kubeadm reset' on the host, then repeat"
  done
}

begin() {
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
  kubeadm token list -o jsonpath='{.token}{"\\n"}' 2>/dev/null | cut -d. -f1 | while read -r id; do
    [ -z "$id" ] || kubeadm token delete "$id" >>"$log" 2>&1
  done
}

if [ -e "$state/completed" ]; then
  await_api
  if ! printf '%s' "$cluster" | cmp -s - "$state/cluster.yaml"; then
    printf '%s' "$cluster" | diff -U0 "$state/cluster.yaml" - | tail -n +3 >&2 || true
    die "the settings of a running cluster can't be changed in place yet (the lines above); nothing was changed; take the change back, or make the cluster anew"
  fi
  apply_kubelet_patch "$log"
else
  if [ ! -e "$state/started" ]; then
    refuse_foreign_cluster
    touch "$state/started"
    begin
  elif api_answers; then
    finish
  else
    take_back
    begin
  fi
  await_api
  delete_tokens
  mv "$state/started" "$state/completed"
fi
`;
}
