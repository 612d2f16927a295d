import { quote } from "../host/shell/quote";
import { KUBEADM_STATE } from "./kubeadm-state";

/**
 * Shell functions for the kubelet settings of one node alone. `write_kubelet_patch` puts them where kubeadm looks for
 * patches; `apply_kubelet_patch LOG` brings a running kubelet to them, and does nothing where they are the same.
 */
export function kubeletPatchFunctions(patch: string): string {
  return `kubelet_patch=${quote(patch)}
kubelet_patch_file=${KUBEADM_STATE}/patches/kubeletconfiguration.yaml

write_kubelet_patch() {
  if [ -n "$kubelet_patch" ]; then
    printf '%s' "$kubelet_patch" | write_file "$kubelet_patch_file" 600
  else
    rm -f "$kubelet_patch_file"
  fi
}

apply_kubelet_patch() {
  [ "$(cat "$kubelet_patch_file" 2>/dev/null)" != "$(printf '%s' "$kubelet_patch")" ] || return 0
  write_kubelet_patch
  kubeadm upgrade node phase kubelet-config --patches ${KUBEADM_STATE}/patches >>"$1" 2>&1 || {
    rm -f "$kubelet_patch_file"
    die "the kubelet's new settings could not be applied; all output is in $1"
  }
  systemctl restart kubelet
}
`;
}
