/** Where Longhorn and its objects are, in every cluster that has it. */
export const LONGHORN_NAMESPACE = "longhorn-system";

/**
 * Shell functions by which a script on a control plane asks which volumes have copies on a node; they need `KUBECTL`. Each prints names
 * with commas between: nothing where there is none, or no Longhorn.
 *
 * - `volumes_on NODE`: those with a copy there.
 * - `volumes_only_on NODE`: those whose data is there, and in no good copy elsewhere.
 */
export const LONGHORN_VOLUMES = `# Lines VOLUME|NODE|WHOLE SINCE|FAILED SINCE|DELETED SINCE.
longhorn_copies() {
  [ -n "$(kubectl get crd replicas.longhorn.io --ignore-not-found -o name)" ] || return 0
  kubectl -n ${LONGHORN_NAMESPACE} get replicas.longhorn.io -o jsonpath='{range .items[*]}{.spec.volumeName}|{.spec.nodeID}|{.spec.healthyAt}|{.spec.failedAt}|{.metadata.deletionTimestamp}{"\\n"}{end}'
}
with_commas() { sort -u | paste -sd, | sed 's/,/, /g'; }
volumes_on() {
  longhorn_copies | awk -F'|' -v node="$1" '$2 == node && $5 == "" { print $1 }' | with_commas
}
volumes_only_on() {
  longhorn_copies | awk -F'|' -v node="$1" '
    $3 == "" { next }
    $2 == node { here[$1] }
    $2 != node && $4 == "" && $5 == "" { elsewhere[$1] }
    END { for (volume in here) if (!(volume in elsewhere)) print volume }' | with_commas
}`;

/** Text in double quotes of a script in which `$node` is the node: how a person moves its volumes elsewhere. */
export const MOVING_AWAY = `move them: on Longhorn's page (Node, Edit node and disks, Eviction requested), or by kubectl -n ${LONGHORN_NAMESPACE} patch nodes.longhorn.io $node --type merge -p '{\\"spec\\":{\\"allowScheduling\\":false,\\"evictionRequested\\":true}}'; wait until kubectl -n ${LONGHORN_NAMESPACE} get replicas.longhorn.io names $node no more`;
