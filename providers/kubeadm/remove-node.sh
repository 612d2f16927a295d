# shellcheck shell=bash
# Takes $node out of the cluster, on a control plane.

drain_limit=180

is_silent() {
  [ "$(kubectl get node "$node" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = Unknown ]
}

blocking_budgets() {
  kubectl get poddisruptionbudgets --all-namespaces --no-headers \
    -o custom-columns='N:.metadata.namespace,B:.metadata.name,A:.status.disruptionsAllowed' 2>/dev/null \
    | awk '$3 == 0 { printf "%s%s/%s", n++ ? ", " : "", $1, $2 }' || true
}

drain() {
  command kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout "${drain_limit}s" >&2
}

if [ -n "$(kubectl get node "$node" --ignore-not-found -o name)" ]; then
  only_here=$(volumes_only_on "$node")
  if is_silent; then
    echo "its kubelet does not answer; the node is deleted without a drain"
    [ -z "$only_here" ] \
      || echo "of these volumes Longhorn has no good copy on another node: $only_here; what they held is on the host's disk alone"
  elif [ -n "$only_here" ]; then
    die "$node alone has the data of $only_here; the node was left as it is" "add it to the inventory again, run pulumi up, and $(moving_volumes "$node"). Volumes that are no longer needed can be deleted there instead"
  elif ! drain && ! is_silent; then
    budgets=$(blocking_budgets)
    die "the pods of $node could not all be moved away within $drain_limit s, see the lines above${budgets:+; these disruption budgets allow none to go: $budgets}" "give them room on other nodes (more replicas, another node), or drain it by hand, then repeat; until then $node takes no new pods"
  fi
  kubectl delete node "$node" >&2
fi
