import * as path from "node:path";

import { versions } from "../../versions";
import { addonVersions, labVersions } from "./versions";

/** How one set of binaries is built: by one call of `go build`, so that they share what they have in common. */
export interface Recipe {
  /** Name in messages: "kubernetes 1.36.3". */
  readonly title: string;
  /** Folder of the Go module whose go.mod and go.sum pin the sources. */
  readonly module: string;
  /** The module's sources are in this checkout and change with it. Compiled in the user's Go cache, so that a small change builds fast. */
  readonly ours?: boolean;
  /** Package, as `go build` takes it, to the name of its binary. */
  readonly binaries: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** String variables that are set at link time, by package and name. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files and folders that a dependency's module carries: name in the result to module path and path inside it. */
  readonly carried?: Readonly<Record<string, readonly [modulePath: string, inside: string]>>;
  /** A change to one file of a dependency's module: `text`, which is in it once, is replaced by `by`. */
  readonly patched?: { module: string; file: string; text: string; by: string };
}

const lab = path.resolve(__dirname, "..");
const pinned = (name: string): string => path.join(lab, "build", "modules", name);

/** Packages of one module, each built under the last element of its path. */
function named(prefix: string, packages: readonly string[]): Record<string, string> {
  return Object.fromEntries(packages.map((inside) => [`${prefix}/${inside}`, path.posix.basename(inside)]));
}

/** What Kubernetes' own build sets: servers report the one, clients the other. */
function kubernetesVariables(version: string): Record<string, string> {
  const [major = "", minor = ""] = version.split(".");
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  return Object.fromEntries(
    packages.flatMap((name) => Object.entries(values).map(([variable, value]) => [`${name}.${variable}`, value])),
  );
}

const argocd = "github.com/argoproj/argo-cd/v3";
const cilium = "github.com/cilium/cilium";
const containerd = "github.com/containerd/containerd/v2";
const kubernetesProvider = "github.com/pulumi/pulumi-kubernetes/provider/v4";
const deploy = "cmd/k8s-operator/deploy";

/**
 * Parts of Tailscale that nothing in a cluster of the lab uses, and those that would contact other servers than the lab's: the
 * upload of logs and of flows.
 */
const omittedOfTailscale =
  `ace appconnectors aws bird captiveportal capture clientupdate cliconndiag cloud colorable completion completion_scripts
  conn25 dbus debugeventbus debugportmapper desktop_sessions doctor drive flashappliance identityfederation linkspeed linuxdnsfight
  logtail netlog networkmanager oauthkey portmapper posture qrcodes relayserver resolved ssh synology systray taildrop tailnetlock tap
  tpm wakeonlan webbrowser webclient`.split(/\s+/);

/** Every recipe. */
export const recipes = {
  kubernetes: {
    title: `kubernetes ${labVersions.kubernetes}`,
    module: pinned("kubernetes"),
    binaries: named("k8s.io/kubernetes/cmd", [
      "kubeadm",
      "kubectl",
      "kubelet",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
    ]),
    variables: kubernetesVariables(labVersions.kubernetes),
  },
  containerd: {
    title: `containerd ${labVersions.containerd}`,
    module: pinned("containerd"),
    binaries: named(`${containerd}/cmd`, ["containerd", "containerd-shim-runc-v2", "ctr"]),
    // Snapshotters that need a block device of their own; the machines use overlayfs.
    tags: ["no_btrfs", "no_devmapper", "no_zfs"],
    variables: { [`${containerd}/version.Version`]: `v${labVersions.containerd}` },
  },
  etcd: {
    title: `etcd ${labVersions.etcd}`,
    module: pinned("etcd"),
    binaries: { "go.etcd.io/etcd/server/v3": "etcd", "go.etcd.io/etcd/etcdctl/v3": "etcdctl" },
  },
  coredns: { title: `coredns ${labVersions.coredns}`, module: pinned("coredns"), binaries: { ".": "coredns" } },
  cni: {
    title: `CNI plugins ${labVersions.cniPlugins}`,
    module: pinned("cni"),
    binaries: named("github.com/containernetworking/plugins/plugins", [
      "ipam/dhcp",
      "ipam/host-local",
      "ipam/static",
      "main/bridge",
      "main/host-device",
      "main/ipvlan",
      "main/loopback",
      "main/macvlan",
      "main/ptp",
      "main/vlan",
      "meta/bandwidth",
      "meta/firewall",
      "meta/portmap",
      "meta/sbr",
      "meta/tuning",
      "meta/vrf",
    ]),
    variables: {
      "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": `v${labVersions.cniPlugins}`,
    },
  },
  pause: { title: `pause ${labVersions.pause}`, module: pinned("pause"), binaries: { ".": "pause" } },
  crictl: {
    title: `crictl ${labVersions.criTools}`,
    module: pinned("crictl"),
    binaries: named("sigs.k8s.io/cri-tools/cmd", ["crictl"]),
    variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": `v${labVersions.criTools}` },
  },
  mirror: { title: "mirror", module: path.join(lab, "mirror"), ours: true, binaries: { ".": "homelab-mirror" } },
  // The CLI and the provider for Kubernetes share half of their packages, Helm's program nearly all of its with the provider.
  pulumi: {
    title: `pulumi ${labVersions.pulumi} and its provider for Kubernetes`,
    module: pinned("pulumi"),
    binaries: {
      "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi": "pulumi",
      "homelab/lab/pulumi/pulumi-resource-kubernetes": "pulumi-resource-kubernetes",
    },
    variables: {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${labVersions.pulumi}`,
      [`${kubernetesProvider}/pkg/version.Version`]: labVersions.pulumiKubernetes,
    },
    carried: {
      "kubernetes-schema.json": [kubernetesProvider, "cmd/pulumi-resource-kubernetes/schema.json"],
      "kubernetes-terraform-mapping.json": [
        kubernetesProvider,
        "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
      ],
    },
  },
  "pulumi-language-nodejs": {
    title: `pulumi-language-nodejs ${labVersions.pulumiLanguageNodejs}`,
    module: pinned("pulumi-language-nodejs"),
    binaries: {
      "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs": "pulumi-language-nodejs-bin",
    },
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${labVersions.pulumiLanguageNodejs}` },
    // It is a proxy between the program and the engine that doesn't know newer calls, such as those of resource hooks. So the
    // program gets the engine's own address.
    patched: {
      module: "github.com/pulumi/pulumi/sdk/v3",
      file: "nodejs/cmd/pulumi-language-nodejs/main.go",
      text: 'fmt.Sprintf("127.0.0.1:%d", handle.Port), pipes.directory()',
      by: "req.GetMonitorAddress(), pipes.directory()",
    },
  },
  // Not `ours`: the CLI has every package of it, at the same versions, so that after the CLI it takes seconds.
  "plugin-command": {
    title: `pulumi-resource-command ${labVersions.pulumiCommand}`,
    module: path.join(lab, "plugins", "command"),
    binaries: { ".": "pulumi-resource-command" },
    variables: { "main.version": labVersions.pulumiCommand },
  },
  // For `make charts-check` alone.
  helm: {
    title: `helm ${addonVersions.helm}`,
    module: pinned("pulumi"),
    binaries: { "helm.sh/helm/v3/cmd/helm": "helm" },
    variables: { "helm.sh/helm/v3/internal/version.version": `v${addonVersions.helm}` },
  },
  cilium: {
    title: `cilium ${labVersions.cilium}`,
    module: pinned("cilium"),
    binaries: {
      [`${cilium}/daemon`]: "cilium-agent",
      [`${cilium}/operator`]: "cilium-operator-generic",
      [`${cilium}/cilium-dbg`]: "cilium-dbg",
      [`${cilium}/cilium-health/responder`]: "cilium-health-responder",
      [`${cilium}/plugins/cilium-cni`]: "cilium-cni",
      [`${cilium}/tools/mount`]: "cilium-mount",
      [`${cilium}/tools/sysctlfix`]: "cilium-sysctlfix",
      [`${cilium}/hubble`]: "hubble",
      [`${cilium}/hubble-relay`]: "hubble-relay",
    },
    // Only the operator's packages use the second.
    tags: ["osusergo", "ipam_provider_operator"],
    // Release, revision and date; Cilium reads them back by position.
    variables: { [`${cilium}/pkg/version.ciliumVersion`]: `${labVersions.cilium} lab 1970-01-01T00:00:00+00:00` },
    carried: {
      bpf: [cilium, "bpf"],
      chart: [cilium, "install/kubernetes/cilium"],
      "init-container.sh": [cilium, "images/cilium/init-container.sh"],
      "install-plugin.sh": [cilium, "plugins/cilium-cni/install-plugin.sh"],
      "cni-uninstall.sh": [cilium, "plugins/cilium-cni/cni-uninstall.sh"],
    },
  },
  // Only where the add-on is on.
  argocd: {
    title: `argo-cd ${addonVersions.argocd}`,
    module: pinned("argocd"),
    binaries: { [`${argocd}/cmd`]: "argocd" },
    variables: { [`${argocd}/common.version`]: addonVersions.argocd },
    carried: {
      "install.yaml": [argocd, "manifests/install.yaml"],
      "entrypoint.sh": [argocd, "entrypoint.sh"],
      "git-ask-pass.sh": [argocd, "hack/git-ask-pass.sh"],
      "git-verify-wrapper.sh": [argocd, "hack/git-verify-wrapper.sh"],
      "gpg-wrapper.sh": [argocd, "hack/gpg-wrapper.sh"],
    },
  },
  // The same, with the lab's Tailscale service, which is made of the same packages.
  tailscale: {
    title: `tailscale ${versions.tailscale}`,
    module: path.join(lab, "tailscale", "tailnet"),
    ours: true,
    binaries: {
      ...named("tailscale.com/cmd", ["containerboot", "k8s-operator", "tailscale", "tailscaled"]),
      "homelab/lab/tailnet": "homelab-tailnet",
    },
    tags: omittedOfTailscale.map((feature) => `ts_omit_${feature}`),
    variables: {
      "tailscale.com/version.longStamp": versions.tailscale,
      "tailscale.com/version.shortStamp": versions.tailscale,
    },
    carried: {
      chart: ["tailscale.com", `${deploy}/chart`],
      crds: ["tailscale.com", `${deploy}/crds`],
    },
  },
} as const satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof recipes;
