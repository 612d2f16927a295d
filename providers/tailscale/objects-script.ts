import { ASK_CLUSTER } from "../host/shell/cluster";

/**
 * Prints a line `KIND|NAMESPACE|NAME|DELETED SINCE` for each object that only Tailscale's operator can let go: it has put a finalizer of
 * its own on it. What the operator made itself is left out: it is deleted with what it was made for.
 */
export function takenUpScript(): string {
  return `${ASK_CLUSTER}own=$(kubectl api-resources --api-group=tailscale.com --verbs=list -o name | paste -sd,)
kubectl get "ingresses.networking.k8s.io,services\${own:+,$own}" --all-namespaces -o jsonpath='{range .items[*]}{.kind}|{.metadata.namespace}|{.metadata.name}|{.metadata.deletionTimestamp}|{.metadata.labels.tailscale\\.com/managed}|{.metadata.finalizers[*]}{"\\n"}{end}' |
  awk -F'|' '$5 != "true" && $6 ~ /(^| )tailscale\\.com\\// { print $1 "|" $2 "|" $3 "|" $4 }'
`;
}
