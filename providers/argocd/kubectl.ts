import { quote } from "../../shell/quote";

/** Exit code of the scripts here where the cluster, or its API server, is gone. */
export const CLUSTER_GONE = 7;

const PREAMBLE = `set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin KUBECACHEDIR=/run/homelab-kubectl
[ -e /etc/kubernetes/admin.conf ] || { echo 'the host is no control plane any more' >&2; exit ${CLUSTER_GONE}; }
kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=20s "$@"; }
kubectl get --raw /readyz >/dev/null || exit ${CLUSTER_GONE}
`;

/** Prints every Application of the cluster as JSON lists have it; an empty list where there is no such kind. */
export function applicationsScript(): string {
  return `${PREAMBLE}if [ -z "$(kubectl get crd applications.argoproj.io --ignore-not-found -o name)" ]; then
  echo '{"items":[]}'
else
  kubectl get applications.argoproj.io -A -o json
fi
`;
}

/** Prints one Application, or nothing. */
export function applicationScript(namespace: string, name: string): string {
  return `${PREAMBLE}kubectl -n ${quote(namespace)} get applications.argoproj.io ${quote(name)} --ignore-not-found -o json
`;
}

/** Has Argo CD ask the repository at once: else it answers for minutes what it heard with the old credentials. */
export function refreshScript(namespace: string, name: string): string {
  return `${PREAMBLE}kubectl -n ${quote(namespace)} annotate applications.argoproj.io ${quote(name)} argocd.argoproj.io/refresh=hard --overwrite >/dev/null
`;
}
