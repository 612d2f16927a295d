import { readFileSync } from "node:fs";
import path from "node:path";
import renovate from "../../../renovate.json";
import { addonVersions, labVersions } from "../../../lab/build/versions";
import { checkImage, versions } from "../../../versions";

const read = (file: string): string => readFileSync(path.resolve(__dirname, "../../..", file), "utf8");
const [manager] = renovate.customManagers;
const pattern = new RegExp(manager?.matchStrings[0] ?? "", "g");
const updated = (file: string) =>
  [...read(file).matchAll(pattern)].map(({ groups }) => [groups?.["depName"], groups?.["currentValue"]]);

/** Versions that follow from that of Kubernetes. */
const FOLLOWING = ["kubernetesDebRevision", "etcd", "coredns", "pause"];

test("Renovate finds every version that is pinned in versions.ts, but those that follow from Kubernetes'", () => {
  const pinned = Object.entries(versions).filter(([name]) => !FOLLOWING.includes(name));
  const [, tag] = checkImage.split(":");
  expect(updated("versions.ts").map(([, version]) => version)).toEqual([...pinned.map(([, version]) => version), tag]);
});

test("Renovate finds what only the lab pins, but the language host, which is the newest that there is", () => {
  const literals = [...read("lab/build/versions.ts").matchAll(/^ {2}(\w+): "([^"]+)",$/gm)]
    .map(([, name = "", version]) => [name, version])
    .filter(([name]) => name !== "pulumiLanguageNodejs");
  const pinned = { ...labVersions, ...addonVersions } as Record<string, string>;
  expect(literals).toEqual(literals.map(([name = ""]) => [name, pinned[name]]));
  expect(updated("lab/build/versions.ts").map(([, version]) => version)).toEqual(
    literals.map(([, version]) => version),
  );
  expect(updated("lab/build/versions.ts").map(([name]) => name)).toEqual([
    "github.com/pulumi/pulumi/pkg/v3",
    "@pulumi/command",
    "@pulumi/kubernetes",
    "github.com/cilium/cilium",
    "github.com/argoproj/argo-cd/v3",
    "helm.sh/helm/v3",
  ]);
});

/** What Renovate's rules for every update of a package in a file add up to: a later rule overrides an earlier one. */
function ruled(name: string, file: string): { groupName?: string; enabled?: boolean } {
  const covers = (patterns: readonly string[] | undefined, value: string): boolean =>
    patterns?.some((each) => (each.endsWith("*") ? value.startsWith(each.replace(/\*+$/, "")) : each === value)) ??
    true;
  const rules = renovate.packageRules.filter(
    (rule) => !rule.matchUpdateTypes && covers(rule.matchPackageNames, name) && covers(rule.matchFileNames, file),
  );
  return Object.assign({}, ...rules) as { groupName?: string; enabled?: boolean };
}

test.each([
  ["github.com/pulumi/pulumi/pkg/v3", "pulumi", ".github/workflows/preview.yml"],
  ["github.com/cilium/cilium", "cilium", "lab/build/versions.ts"],
  ["github.com/argoproj/argo-cd/v3", "argocd", "lab/build/versions.ts"],
  ["helm.sh/helm/v3", "pulumi", "lab/build/versions.ts"],
])("Renovate raises %s in the lab's module %s and in %s with one pull request", (name, module, file) => {
  const inModule = ruled(name, `lab/build/modules/${module}/go.mod`);
  expect(inModule.enabled).toBe(true);
  expect(inModule.groupName).toBeDefined();
  expect(ruled(name, file).groupName).toBe(inModule.groupName);
});

test("Renovate raises nothing else that the lab's modules have", () => {
  for (const name of ["github.com/pulumi/pulumi-kubernetes/provider/v4", "github.com/spf13/cobra"])
    expect(ruled(name, "lab/build/modules/pulumi/go.mod").enabled).toBe(false);
});

test("Renovate finds the engine that a preview is made with", () => {
  expect(updated(".github/workflows/preview.yml").map(([name]) => name)).toEqual(["github.com/pulumi/pulumi/pkg/v3"]);
});

test.each(["versions.ts", "lab/build/versions.ts", ".github/workflows/preview.yml"])("Renovate reads %s", (file) => {
  const patterns = (manager?.managerFilePatterns ?? []).map((each) => new RegExp(each.slice(1, -1)));
  expect(patterns.some((each) => each.test(file))).toBe(true);
});

test("versions that Renovate may not raise are those that package.json has", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const limited = renovate.packageRules.filter((rule) => rule.allowedVersions !== undefined);
  for (const { matchPackageNames, allowedVersions = "" } of limited) {
    const pinned = { ...dependencies, ...devDependencies }[matchPackageNames[0] ?? ""] ?? "";
    expect(parseInt(pinned)).toBeLessThan(Number(allowedVersions.slice(1)));
  }
});
