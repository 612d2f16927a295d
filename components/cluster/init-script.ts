import { readShell } from "../../providers/host/shell/library";
import { quote, unquote } from "../../providers/host/shell/quote";

interface InitScriptArgs {
  /** kubeadm's InitConfiguration: it matters once, when the node registers. */
  registration: string;
  /** kubeadm's ClusterConfiguration and the KubeletConfiguration. */
  cluster: string;
  /** See `settingsHash`. */
  settingsHash: string;
  /** Kubelet settings of this node alone, as a kubeadm patch; empty for none. */
  kubeletPatch: string;
  /** The TCP ports that the node listens on: free again before kubeadm runs a second time. */
  ports: readonly number[];
  /** How long the API server is waited for, in seconds. */
  apiSeconds: number;
}

/**
 * `kubeadm init`, guarded on what is there:
 * a cluster that this program finished: its API is awaited, and what only root needs is taken away; one that it began: finished
 * where the API answers and the settings are the same, else reset and begun again; anything else that looks like Kubernetes:
 * refused.
 */
export function initScript(args: InitScriptArgs): string {
  return `registration=${quote(args.registration)}
cluster=${quote(args.cluster)}
settings_hash=${args.settingsHash}
patch=${quote(args.kubeletPatch)}
ports=${quote(args.ports.join(" "))} api_limit=${args.apiSeconds}
${readShell(__dirname, "init.sh")}`;
}

/** The ClusterConfiguration and the KubeletConfiguration that `initScript` wrote into a script. */
export function clusterConfigIn(script: string): string | undefined {
  const [, rest] = /^cluster=([^]*)/m.exec(script) ?? [];
  return rest === undefined ? undefined : unquote(rest)[0];
}
