import type { Claim } from "../../shell/claims";
import { quote, quoteAll } from "../../shell/quote";
import { type AptRepository, aptRepositoryClaims, aptRepositoryCommands, sourceList } from "./apt-repository";

const REPOSITORY = "kubernetes";
const PACKAGES = ["kubeadm", "kubectl", "kubelet"] as const;

export interface KubernetesPackagesArgs {
  /** `{minor}` in the repository's URL becomes its minor version. */
  kubernetesVersion: string;
  /** Of the Debian packages: "1.1" in `1.36.3-1.1`. */
  debRevision: string;
  repository: AptRepository;
}

/** kubelet, kubeadm and kubectl: exactly this version, held against upgrades by others, kubelet started at every boot. */
export function kubernetesPackagesScript(args: KubernetesPackagesArgs): string {
  const minor = args.kubernetesVersion.split(".").slice(0, 2).join(".");
  const repository = { ...args.repository, url: args.repository.url.replaceAll("{minor}", minor) };
  const wanted = PACKAGES.map((name) => `${name}=${debVersion(args)}`);
  return `
${aptRepositoryCommands({ ...repository, name: REPOSITORY, keyPath: "Release.key", suite: "/ /" })}
apt_packages ${sourceList(REPOSITORY)} ${quoteAll(wanted)}
[ "$(unit_enabled kubelet)" = enabled ] || quietly systemctl enable kubelet
[ "$(kubeadm version -o short)" = ${quote(`v${args.kubernetesVersion}`)} ] || die "kubeadm on the PATH is $(kubeadm version -o short)" "is there another one beside /usr/bin/kubeadm?"
`;
}

export function kubernetesPackagesClaims(args: KubernetesPackagesArgs): Claim[] {
  return [
    ...aptRepositoryClaims(REPOSITORY),
    ...PACKAGES.flatMap((name): Claim[] => [
      { kind: "package", key: name, value: debVersion(args) },
      { kind: "hold", key: name, value: "hold" },
    ]),
    { kind: "unit-enabled", key: "kubelet.service", value: "enabled" },
  ];
}

function debVersion(args: KubernetesPackagesArgs): string {
  return `${args.kubernetesVersion}-${args.debRevision}`;
}
