own=$(kubectl api-resources --api-group=tailscale.com --verbs=list -o name | paste -sd,)
kubectl get "ingresses.networking.k8s.io,services${own:+,$own}" --all-namespaces -o jsonpath='{range .items[*]}{.kind}|{.metadata.namespace}|{.metadata.name}|{.metadata.deletionTimestamp}|{.metadata.labels.tailscale\.com/managed}|{.metadata.finalizers[*]}{"\n"}{end}' |
  awk -F'|' '$5 != "true" && $6 ~ /(^| )tailscale\.com\// { print $1 "|" $2 "|" $3 "|" $4 }'
