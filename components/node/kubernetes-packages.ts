import { expectedFile } from "../../providers/host/facts/expected";
import type { AptPackages } from "../../providers/host/inspection/wanted";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import { installPackages, packagesExpected } from "./apt-repository";
import type { NodeSteps, Step } from "./step";

const PACKAGES = ["cri-tools", "kubeadm", "kubectl", "kubelet"] as const;

/** Tells crictl which runtime to ask. */
const CRICTL_FILE = "/etc/crictl.yaml";
const CRICTL_CONFIG = `# Written by homelab.
runtime-endpoint: unix:///run/containerd/containerd.sock
`;

/** Folders of data that kubelet and the containers of its pods make. */
const DATA_FOLDERS = ["/var/lib/kubelet", "/var/lib/cni", "/var/log/containers", "/var/log/pods"] as const;
/** Folders in which others may have files beside ours. */
const SHARED_FOLDERS = [
  "/etc/cni/net.d",
  "/etc/kubernetes/manifests",
  "/opt/cni/bin",
  "/usr/libexec/kubernetes/kubelet-plugins/volume/exec",
] as const;

/** kubelet, kubeadm, kubectl and crictl: exactly these versions, held against upgrades by others, kubelet started at every boot. */
export const kubernetesPackages: Step = {
  name: "kubernetes-packages",
  online: true,
  packages: packagesOf,

  commands(args) {
    return `remember_unit kubelet.service
remember_data ${quoteAll(DATA_FOLDERS)}
remember_folders ${quoteAll(SHARED_FOLDERS)}
${installPackages(packagesOf(args), args.accepted)}
enable_unit kubelet.service
write_file ${CRICTL_FILE} 644 ${hereDocument(CRICTL_CONFIG)}
restrict_kubelet_config
[ "$(kubeadm version -o short)" = ${quote(`v${args.kubernetesVersion}`)} ] || die "kubeadm on the PATH is $(kubeadm version -o short)" "is there another one beside /usr/bin/kubeadm?"`;
  },

  effects: (changed) => (changed.has("package kubelet") ? ["the kubelet restarts; running pods go on"] : []),

  expected: (args) => [
    ...packagesExpected(packagesOf(args)),
    expectedFile(CRICTL_FILE, CRICTL_CONFIG),
    { kind: "unit-enabled", key: "kubelet.service", value: "enabled" },
  ],
};

function packagesOf(args: NodeSteps): AptPackages {
  const minor = args.kubernetesVersion.split(".").slice(0, 2).join(".");
  const { url, fingerprint } = args.repositories.kubernetes;
  return {
    ...{ name: "kubernetes", url: url.replaceAll("{minor}", minor), fingerprint, keyPath: "Release.key", suite: "/ /" },
    packages: PACKAGES.map((name) => ({ name, version: debVersion(name, args) })),
  };
}

function debVersion(name: (typeof PACKAGES)[number], args: NodeSteps): string {
  return `${name === "cri-tools" ? args.criToolsVersion : args.kubernetesVersion}-${args.kubernetesDebRevision}`;
}
