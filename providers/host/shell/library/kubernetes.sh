# kubectl ARGUMENT...: asks the API server as its administrator, with a limit for each request. What waits for longer calls
# `command kubectl`.
kubectl() { command kubectl --request-timeout 30s "$@"; }

api_answers() {
  [ -s "$KUBECONFIG" ] && command kubectl --request-timeout 5s get --raw /readyz >/dev/null 2>&1
}

# require_cluster: ends with the exit code $cluster_gone where there is no cluster, or its API server is not ready.
require_cluster() {
  [ -e "$KUBECONFIG" ] || {
    echo 'the host is no control plane any more' >&2
    exit "$cluster_gone"
  }
  kubectl get --raw /readyz >/dev/null || exit "$cluster_gone"
}

# refuse_foreign_kubernetes [ACTION]: ends where there is a node, or a part of one.
refuse_foreign_kubernetes() {
  local file
  for file in $kubernetes_files; do
    [ ! -e "$file" ] \
      || die "there is a Kubernetes node that this program did not make ($file exists); nothing was changed" "if it may go, run 'kubeadm reset' on the host, then repeat${1:+; $1}"
  done
}

# write_kubelet_patch PATCH: puts the kubelet settings of this node alone where kubeadm looks for patches; an empty one
# removes them.
write_kubelet_patch() {
  if [ -n "$1" ]; then
    printf '%s' "$1" | write_file "$kubelet_patch" 600
  else
    rm -f -- "$kubelet_patch"
  fi
}

# apply_kubelet_patch PATCH LOG: brings a running kubelet to them; does nothing where they are the same.
apply_kubelet_patch() {
  [ "$(cat "$kubelet_patch" 2>/dev/null)" != "$(printf '%s' "$1")" ] || return 0
  write_kubelet_patch "$1"
  kubeadm upgrade node phase kubelet-config --patches "${kubelet_patch%/*}" >>"$2" 2>&1 || {
    rm -f -- "$kubelet_patch"
    die "the kubelet's new settings could not be applied; all output is in $2"
  }
  systemctl restart kubelet
}
