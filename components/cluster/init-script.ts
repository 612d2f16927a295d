import { readShell } from "../../providers/host/shell/library";
import { quote } from "../../providers/host/shell/quote";

interface InitScriptArgs {
  /** kubeadm's InitConfiguration: it matters once, when the node registers. */
  registration: string;
  /** kubeadm's ClusterConfiguration and the KubeletConfiguration. */
  cluster: string;
  /** Kubelet settings of this node alone, as a kubeadm patch; empty for none. */
  kubeletPatch: string;
}

/**
 * `kubeadm init`, guarded on what is there:
 * a cluster that this program finished: its API is awaited, nothing else; one that it began: finished where the API
 * answers, else reset and begun again; anything else that looks like Kubernetes: refused.
 */
export function initScript(args: InitScriptArgs): string {
  return `registration=${quote(args.registration)}
cluster=${quote(args.cluster)}
patch=${quote(args.kubeletPatch)}
${readShell(__dirname, "init.sh")}`;
}
