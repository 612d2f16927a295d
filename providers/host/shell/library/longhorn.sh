# On a control plane: which of Longhorn's volumes have copies on a node. Both print names with commas between: nothing
# where there is none, or no Longhorn.
# - volumes_on NODE: those with a copy there.
# - volumes_only_on NODE: those whose data is there, and in no good copy on another node.

# Lines VOLUME|NODE|WHOLE SINCE|FAILED SINCE|DELETED SINCE.
longhorn_copies() {
  [ -n "$(kubectl get crd replicas.longhorn.io --ignore-not-found -o name)" ] || return 0
  kubectl -n longhorn-system get replicas.longhorn.io -o jsonpath='{range .items[*]}{.spec.volumeName}|{.spec.nodeID}|{.spec.healthyAt}|{.spec.failedAt}|{.metadata.deletionTimestamp}{"\n"}{end}'
}

with_commas() { sort -u | paste -sd, | sed 's/,/, /g'; }

volumes_on() {
  longhorn_copies | awk -F'|' -v node="$1" '$2 == node && $5 == "" { print $1 }' | with_commas
}

volumes_only_on() {
  longhorn_copies | awk -F'|' -v node="$1" '
    $3 == "" { next }
    $2 == node { here[$1] }
    $2 != node && $4 == "" && $5 == "" { other[$1] }
    END { for (volume in here) if (!(volume in other)) print volume }' | with_commas
}

# moving_volumes NODE: how a person moves them to another node.
moving_volumes() {
  printf '%s' "move them: on Longhorn's page (Node, Edit node and disks, Eviction requested), or by kubectl -n longhorn-system patch nodes.longhorn.io $1 --type merge -p '{\"spec\":{\"allowScheduling\":false,\"evictionRequested\":true}}'; wait until kubectl -n longhorn-system get replicas.longhorn.io names $1 no more"
}
