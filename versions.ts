/**
 * Every version that this program pins, and why. A chart's version is in charts/<name>/Chart.yaml beside its values;
 * versions that only the lab builds are in lab/build. A comment `renovate:` says where Renovate finds newer ones.
 */
export const versions = {
  /** The newest patch of the newest minor that Cilium 1.20 is tested with (docs.cilium.io, "Kubernetes compatibility"). */
  // renovate: datasource=github-releases depName=kubernetes/kubernetes extractVersion=^v(?<version>.+)$
  kubernetes: "1.36.3",
  /** Revision of the Debian packages kubelet, kubeadm and kubectl on pkgs.k8s.io: their version is `1.36.3-1.1`. */
  kubernetesDebRevision: "1.1",
  /**
   * Version of containerd.io on download.docker.com, which carries runc too. A Debian or Ubuntu release is appended to
   * it there (`2.2.3-1~debian.12~bookworm`). Kubernetes 1.36 needs containerd 2.x.
   */
  // renovate: datasource=deb depName=containerd.io registryUrl=https://download.docker.com/linux/debian?suite=bookworm&components=stable&binaryArch=amd64 versioning=deb extractVersion=^(?<version>[^~]+)~
  containerd: "2.2.3-1",
  /** cri-tools on pkgs.k8s.io: its minor follows Kubernetes'. */
  // renovate: datasource=github-releases depName=kubernetes-sigs/cri-tools extractVersion=^v(?<version>.+)$
  criTools: "1.36.0",
  /** kubernetes-cni on pkgs.k8s.io: the loopback plugin, which containerd needs for every pod. */
  // renovate: datasource=github-releases depName=containernetworking/plugins extractVersion=^v(?<version>.+)$
  cniPlugins: "1.9.1",
  /** tailscale on pkgs.tailscale.com: the version of the operator in charts/tailscale-operator. */
  // renovate: datasource=github-releases depName=tailscale/tailscale extractVersion=^v(?<version>.+)$
  tailscale: "1.102.5",
  /** What kubeadm 1.36.3 uses itself (cmd/kubeadm/app/constants): for messages and tests, never passed to it. */
  etcd: "3.6.8-0",
  coredns: "v1.14.2",
  pause: "3.10.2",
} as const;

/** Image of a pod's sandbox, as kubeadm 1.36.3 expects it from containerd. */
export const sandboxImage = `registry.k8s.io/pause:${versions.pause}`;

/**
 * What `make check` runs in its pods: a shell, httpd, wget and nslookup. CHECK_IMAGE names another one. Only by its tag:
 * a mirror may have packed it again.
 */
// renovate: datasource=docker depName=busybox
export const checkImage = "docker.io/library/busybox:1.36.1";

/** What kubeadm 1.36.3 asks of the host of a control plane (constants.go: ControlPlaneNumCPU, ControlPlaneMem). */
export const controlPlaneMinimum = { cpus: 2, memoryMiB: 1700 } as const;

/** What fits together. */
export const supported = {
  /** Exactly what is pinned and tested here. The next entry comes with the upgrade path from one to the other. */
  kubernetes: [versions.kubernetes] as readonly string[],
  /** Minor versions of Kubernetes that Cilium 1.20 is tested with. */
  ciliumKubernetesMinors: { cilium: "1.20", from: "1.33", to: "1.36" },
} as const;

/**
 * Primary-key fingerprints of the upstream apt repositories, each compared in several independent public places. A
 * mirror that signs with a key of its own sets its fingerprint in `mirrors.apt`.
 */
export const aptKeyFingerprints = {
  /** pkgs.k8s.io, all minor versions. The key is said to expire on 2026-12-29; a new one is set in `mirrors.apt`. */
  kubernetes: "DE15B14486CD377B9E876E1A234654DA9A296436",
  /** download.docker.com */
  docker: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
  /** pkgs.tailscale.com */
  tailscale: "2596A99EAAB33821893C0A79458CA832957F5868",
} as const;

/** The upstream apt repositories. `{minor}` is the cluster's minor version, `{distribution}` is debian or ubuntu. */
export const aptRepositories = {
  kubernetes: "https://pkgs.k8s.io/core:/stable:/v{minor}/deb/",
  docker: "https://download.docker.com/linux/{distribution}",
  tailscale: "https://pkgs.tailscale.com/stable/{distribution}",
} as const;
