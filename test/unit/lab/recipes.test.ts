import * as fs from "node:fs";
import * as path from "node:path";

import { recipes, type RecipeName } from "../../../lab/build/recipes";
import { addonVersions, labVersions } from "../../../lab/build/versions";
import { dependencies } from "../../../package.json";
import { versions as pinned } from "../../../versions";

/** The Go module behind a version that is pinned for clusters and lab. */
const moduleOf: [RecipeName, string, string][] = [
  ["kubernetes", "k8s.io/kubernetes", labVersions.kubernetes],
  ["kubernetes", "k8s.io/client-go", labVersions.kubernetes.replace(/^1\./, "0.")],
  ["containerd", "github.com/containerd/containerd/v2", labVersions.containerd],
  ["etcd", "go.etcd.io/etcd/server/v3", labVersions.etcd],
  ["coredns", "github.com/coredns/coredns", labVersions.coredns],
  ["cni", "github.com/containernetworking/plugins", labVersions.cniPlugins],
  ["crictl", "sigs.k8s.io/cri-tools", labVersions.criTools],
  ["cilium", "github.com/cilium/cilium", labVersions.cilium],
  ["helm", "helm.sh/helm/v3", addonVersions.helm],
  ["argocd", "github.com/argoproj/argo-cd/v3", addonVersions.argocd],
  ["tailscale", "tailscale.com", pinned.tailscale],
  ["pulumi", "github.com/pulumi/pulumi/pkg/v3", labVersions.pulumi],
  ["pulumi-language-nodejs", "github.com/pulumi/pulumi/sdk/v3", labVersions.pulumiLanguageNodejs],
];

it.each(moduleOf)("The sources of %s are %s at the pinned version %s", (name, modulePath, version) => {
  const goMod = fs.readFileSync(path.join(recipes[name].module, "go.mod"), "utf8");
  const versions = goMod.split("\n").flatMap((line) => {
    const [found, at] = line
      .replace(/^.*=>/, "")
      .trim()
      .replace(/^require /, "")
      .split(" ");
    return found === modulePath && at ? [at] : [];
  });
  expect(versions).toContain(`v${version}`);
  expect(new Set(versions).size).toBe(1);
});

it("The plugins stand for the releases that package.json pins", () => {
  expect(labVersions.pulumiCommand).toBe(dependencies["@pulumi/command"]);
  expect(labVersions.pulumiKubernetes).toBe(dependencies["@pulumi/kubernetes"]);
});
