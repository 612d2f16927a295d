/** Exit code of scripts that begin with `ASK_CLUSTER` where the cluster, or its API server, is gone. */
export const CLUSTER_GONE = 7;

/** Begins a script on a control plane that asks the cluster what is in it. */
export const ASK_CLUSTER = `set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin KUBECACHEDIR=/run/homelab-kubectl
[ -e /etc/kubernetes/admin.conf ] || { echo 'the host is no control plane any more' >&2; exit ${CLUSTER_GONE}; }
kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=20s "$@"; }
kubectl get --raw /readyz >/dev/null || exit ${CLUSTER_GONE}
`;
