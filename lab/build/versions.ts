import { versions } from "../../versions";

/** What only the lab builds, beside the versions that every cluster pins. The Go modules pin the same in their go.mod. */
export const labVersions = {
  /** The newest Pulumi CLI whose Go modules are served complete. */
  // renovate: datasource=go depName=github.com/pulumi/pulumi/pkg/v3 extractVersion=^v(?<version>.+)$
  pulumi: "3.246.0",
  /** The newest Node language host that is served as a Go module: none to raise it to. It works with newer engines and SDKs. */
  pulumiLanguageNodejs: "3.68.0",
  /** The releases whose behaviour the lab's plugins have: those that package.json pins. */
  // renovate: datasource=npm depName=@pulumi/command
  pulumiCommand: "1.2.1",
  // renovate: datasource=npm depName=@pulumi/kubernetes
  pulumiKubernetes: "4.34.2",
  // renovate: datasource=go depName=github.com/cilium/cilium extractVersion=^v(?<version>.+)$
  cilium: "1.20.2",
  kubernetes: versions.kubernetes,
  /** Without the revisions that the Debian package and the image tag add. */
  containerd: versions.containerd.replace(/-\d+$/, ""),
  etcd: versions.etcd.replace(/-\d+$/, ""),
  coredns: versions.coredns.replace(/^v/, ""),
  cniPlugins: versions.cniPlugins,
  criTools: versions.criTools,
  pause: versions.pause,
} as const;

/** What is built only where an add-on is on. Apart, so that a change of them makes no other mirror for all others. */
export const addonVersions = {
  /** Newer than the 3.4.4 of the pinned chart: the newest whose Go module is served complete. 3.6 needs a newer Go. */
  // renovate: datasource=go depName=github.com/argoproj/argo-cd/v3 extractVersion=^v(?<version>.+)$
  argocd: "3.5.7",
  /** For `make charts-check`: the version that the lab's Kubernetes plugin is built with. */
  // renovate: datasource=go depName=helm.sh/helm/v3 extractVersion=^v(?<version>.+)$
  helm: "3.22.0",
} as const;
