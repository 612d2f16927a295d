import { type Claim, fileClaim } from "../../providers/host/shell/claims";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import { type AptRepository, aptRepositoryClaims, aptRepositoryCommands, sourceList } from "./apt-repository";

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

export interface KubernetesPackagesArgs {
  /** `{minor}` in the repository's URL becomes its minor version. */
  kubernetesVersion: string;
  /** Of the package cri-tools, without the revision. */
  criToolsVersion: string;
  /** Of the Debian packages: "1.1" in `1.36.3-1.1`. */
  debRevision: string;
  repository: AptRepository;
}

/** kubelet, kubeadm, kubectl and crictl: exactly these versions, held against upgrades by others, kubelet started at every boot. */
export function kubernetesPackagesScript(args: KubernetesPackagesArgs): string {
  const minor = args.kubernetesVersion.split(".").slice(0, 2).join(".");
  const repository = { ...args.repository, url: args.repository.url.replaceAll("{minor}", minor) };
  const wanted = PACKAGES.map((name) => `${name}=${debVersion(name, args)}`);
  return `
remember_unit kubelet.service
remember_data ${DATA_FOLDERS.join(" ")}
remember_folders ${SHARED_FOLDERS.join(" ")}
${aptRepositoryCommands({ ...repository, name: REPOSITORY, keyPath: "Release.key", suite: "/ /" })}
apt_packages ${sourceList(REPOSITORY)} ${quoteAll(wanted)}
[ "$(unit_enabled kubelet)" = enabled ] || quietly systemctl enable kubelet
write_file ${CRICTL_FILE} 644 ${hereDocument(CRICTL_CONFIG)}
[ "$(kubeadm version -o short)" = ${quote(`v${args.kubernetesVersion}`)} ] || die "kubeadm on the PATH is $(kubeadm version -o short)" "is there another one beside /usr/bin/kubeadm?"
`;
}

export function kubernetesPackagesClaims(args: KubernetesPackagesArgs): Claim[] {
  return [
    ...aptRepositoryClaims(REPOSITORY),
    ...PACKAGES.flatMap((name): Claim[] => [
      { kind: "package", key: name, value: debVersion(name, args) },
      { kind: "hold", key: name, value: "hold" },
    ]),
    fileClaim(CRICTL_FILE, CRICTL_CONFIG),
    { kind: "unit-enabled", key: "kubelet.service", value: "enabled" },
  ];
}

function debVersion(name: (typeof PACKAGES)[number], args: KubernetesPackagesArgs): string {
  return `${name === "cri-tools" ? args.criToolsVersion : args.kubernetesVersion}-${args.debRevision}`;
}
