import * as fs from "node:fs";
import * as path from "node:path";

import { versions } from "../../versions";
import type { Deb } from "./deb";
import {
  containerdConfig,
  containerdService,
  idleService,
  kubeadmDropIn,
  kubeletDefaults,
  kubeletService,
  startedService,
} from "./package-files";

/** Folders of binaries that packages are made of, by what was built. */
export interface BinaryFolders {
  readonly kubernetes: string;
  readonly containerd: string;
  readonly cni: string;
  /** Where crictl is; it may have been left out. */
  readonly crictl?: string;
  /** Where Debian's runc is. */
  readonly debian: string;
}

/** The releases that Docker's repository has a suite for, and what it appends to a version there. */
export const dockerSuites: Readonly<Record<string, string>> = {
  bookworm: "debian.12~bookworm",
  trixie: "debian.13~trixie",
  jammy: "ubuntu.22.04~jammy",
  noble: "ubuntu.24.04~noble",
};

/**
 * The packages of pkgs.k8s.io, with the dependencies that they have there (kubernetes/release, cmd/krel/templates). As
 * there, kubelet's service is neither enabled nor started by its installation.
 */
export function kubernetesDebs(folders: BinaryFolders): Deb[] {
  const version = `${versions.kubernetes}-${versions.kubernetesDebRevision}`;
  const binary = (name: string): Record<string, string> => ({
    [`/usr/bin/${name}`]: path.join(folders.kubernetes, name),
  });
  const debs: Deb[] = [
    {
      name: "kubelet",
      version,
      summary: "Node agent for Kubernetes clusters",
      depends: ["kubernetes-cni (>= 1.2.0)", "mount", "util-linux"],
      recommends: ["iptables (>= 1.8.4)"],
      binaries: binary("kubelet"),
      texts: {
        "/usr/lib/systemd/system/kubelet.service": kubeletService,
        "/etc/default/kubelet": kubeletDefaults,
        "/etc/kubernetes/manifests/.kubelet-keep": "",
        "/var/lib/kubelet/.kubelet-keep": "",
      },
      conffiles: ["/etc/default/kubelet"],
      scripts: idleService("kubelet.service"),
    },
    {
      name: "kubeadm",
      version,
      summary: "Command-line utility for administering a Kubernetes cluster",
      binaries: binary("kubeadm"),
      texts: { "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": kubeadmDropIn },
    },
    {
      name: "kubectl",
      version,
      summary: "Command-line utility for interacting with a Kubernetes cluster",
      binaries: binary("kubectl"),
    },
    {
      name: "kubernetes-cni",
      version: `${versions.cniPlugins}-1.1`,
      summary: "Binaries required to provision container networking",
      binaries: everything(folders.cni, "/opt/cni/bin"),
    },
  ];
  if (folders.crictl === undefined) return debs;
  const criTools: Deb = {
    name: "cri-tools",
    version: `${versions.criTools}-1.1`,
    summary: "Command-line utility for interacting with a container runtime",
    binaries: everything(folders.crictl, "/usr/bin"),
  };
  return [...debs, criTools];
}

/** containerd.io as Docker packs it for one release: containerd, its shim, ctr and runc. */
export function containerdDeb(folders: BinaryFolders, release: string): Deb {
  const config = "/etc/containerd/config.toml";
  return {
    name: "containerd.io",
    version: `${versions.containerd}~${release}`,
    summary: "An open and reliable container runtime",
    depends: ["libc6 (>= 2.34)", "libseccomp2 (>= 2.5.0)", "init-system-helpers"],
    replaces: ["containerd", "runc"],
    binaries: {
      ...everything(folders.containerd, "/usr/bin"),
      "/usr/bin/runc": path.join(folders.debian, "runc"),
    },
    texts: { "/usr/lib/systemd/system/containerd.service": containerdService, [config]: containerdConfig },
    conffiles: [config],
    scripts: startedService("containerd.service"),
  };
}

function everything(folder: string, target: string): Record<string, string> {
  const names = fs.readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [`${target}/${name}`, path.join(folder, name)]));
}
