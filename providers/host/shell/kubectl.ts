/** Shell function by which a script on a control plane asks the API server as its administrator, half a minute at most. */
export const KUBECTL = `kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 30s "$@"; }`;
