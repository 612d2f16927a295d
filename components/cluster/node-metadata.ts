import { dump } from "js-yaml";
import type { NodeSettings } from "../../settings";
import { quote } from "../../providers/host/shell/quote";
import { STORAGE_LABEL } from "../addons/longhorn/storage";
import { CONTROL_PLANE_TAINT, taintText, wantedTaints } from "./kubeadm-config";

/** Where a node keeps which taints came from the inventory: what is there but no longer listed is removed. */
const TAINTS_ANNOTATION = "homelab/taints";

/**
 * Gives nodes that have registered the labels, annotations and taints of the inventory; others' are left alone. A node whose disk has
 * copies of volumes stays a storage node: without the label Longhorn leaves it, and them.
 * `schedulable`: ordinary pods may run on the control plane, because there is no other node.
 */
export function nodeMetadataScript(nodes: readonly NodeSettings[], schedulable: boolean): string {
  const applied = nodes.map((node) => {
    const taints = wantedTaints(node, schedulable).map(taintText);
    return `apply_metadata ${quote(node.name)} ${quote(taints.join(" "))} <<'MANIFEST'
${manifest(node, taints)}MANIFEST
`;
  });
  const leaving = nodes.filter((node) => !(STORAGE_LABEL in node.labels));
  return `${leaving.length === 0 ? "" : leaveStorage(leaving)}# apply_metadata NODE TAINTS, the manifest of labels and annotations on stdin.
apply_metadata() {
  local node=$1 wanted=$2 had taint
  had=$(kubectl get node "$node" -o ${quote(`jsonpath={.metadata.annotations.${TAINTS_ANNOTATION.replaceAll(".", "\\.")}}`)}) ||
    die "node $node has not registered; see 'journalctl -u kubelet' on $node"
  # A control plane registers with this one.
  for taint in $had ${quote(taintText(CONTROL_PLANE_TAINT))}; do
    case " $wanted " in
      *" $taint "*) ;;
      *) kubectl taint node "$node" "$taint-" >/dev/null 2>&1 || true ;;
    esac
  done
  # shellcheck disable=SC2086 # a list of words without spaces or patterns: the settings check them
  [ -z "$wanted" ] || kubectl taint node "$node" --overwrite $wanted >/dev/null
  kubectl apply --server-side --field-manager homelab --force-conflicts -f - >/dev/null
}

${applied.join("")}`;
}

/** Before anything is changed on any node. */
function leaveStorage(nodes: readonly NodeSettings[]): string {
  const left = nodes.map(({ name }) => `leave_storage ${quote(name)}\n`);
  return `leave_storage() {
  local node=$1 label volumes
  label=$(kubectl get node "$node" --ignore-not-found -o ${quote(`jsonpath={.metadata.labels.${STORAGE_LABEL}}`)})
  [ -n "$label" ] || return 0
  volumes=$(volumes_on "$node")
  [ -z "$volumes" ] ||
    die "$node is to keep no volumes any more, and there are copies of $volumes on it; no node was changed" "leave it a storage node for now (storage.enabled: true for it in homelab:machines, and no capabilities.iscsi: false), run pulumi up, and $(moving_volumes "$node"). Where Longhorn is to go with its volumes, switch that off first"
}
${left.join("")}
`;
}

function manifest(node: NodeSettings, taints: string[]): string {
  return dump(
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: node.name,
        labels: { ...(node.role === "worker" ? { "node-role.kubernetes.io/worker": "" } : {}), ...node.labels },
        annotations: { ...node.annotations, [TAINTS_ANNOTATION]: taints.join(" ") },
      },
    },
    { sortKeys: true, lineWidth: -1 },
  );
}
