import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import { aptRepositoryCommand, aptRepositoryExpected } from "./apt-repository";
import type { Step, StepArgs } from "./step";

const REPOSITORY = "kubernetes";
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

  commands(args) {
    const minor = args.kubernetesVersion.split(".").slice(0, 2).join(".");
    const { url, fingerprint } = args.repositories.kubernetes;
    const repository = { url: url.replaceAll("{minor}", minor), fingerprint, keyPath: "Release.key", suite: "/ /" };
    const wanted = PACKAGES.map((name) => `${name}=${debVersion(name, args)}`);
    return `remember_unit kubelet.service
remember_data ${quoteAll(DATA_FOLDERS)}
remember_folders ${quoteAll(SHARED_FOLDERS)}
${aptRepositoryCommand({ name: REPOSITORY, ...repository })}
apt_packages ${REPOSITORY} ${quoteAll(wanted)}
enable_unit kubelet.service
write_file ${CRICTL_FILE} 644 ${hereDocument(CRICTL_CONFIG)}
restrict_kubelet_config
[ "$(kubeadm version -o short)" = ${quote(`v${args.kubernetesVersion}`)} ] || die "kubeadm on the PATH is $(kubeadm version -o short)" "is there another one beside /usr/bin/kubeadm?"`;
  },

  expected: (args) => [
    ...aptRepositoryExpected(REPOSITORY),
    ...PACKAGES.flatMap((name): ExpectedFact[] => [
      { kind: "package", key: name, value: debVersion(name, args) },
      { kind: "hold", key: name, value: "hold" },
    ]),
    expectedFile(CRICTL_FILE, CRICTL_CONFIG),
    { kind: "unit-enabled", key: "kubelet.service", value: "enabled" },
  ],
};

function debVersion(name: (typeof PACKAGES)[number], args: StepArgs): string {
  return `${name === "cri-tools" ? args.criToolsVersion : args.kubernetesVersion}-${args.kubernetesDebRevision}`;
}
