import { readFileSync } from "node:fs";
import path from "node:path";
import renovate from "../../../renovate.json";
import { versions } from "../../../versions";

const read = (file: string): string => readFileSync(path.resolve(__dirname, "../../..", file), "utf8");
const [manager] = renovate.customManagers;
const pattern = new RegExp(manager?.matchStrings[0] ?? "", "g");
const updated = (file: string) =>
  [...read(file).matchAll(pattern)].map(({ groups }) => [groups?.["depName"], groups?.["currentValue"]]);

/** Versions that follow from that of Kubernetes. */
const FOLLOWING = ["kubernetesDebRevision", "etcd", "coredns", "pause"];

test("Renovate finds every version that is pinned in versions.ts, but those that follow from Kubernetes'", () => {
  const pinned = Object.entries(versions).filter(([name]) => !FOLLOWING.includes(name));
  expect(updated("versions.ts").map(([, version]) => version)).toEqual(pinned.map(([, version]) => version));
});

test("Renovate finds the engine that a preview is made with", () => {
  expect(updated(".github/workflows/preview.yml").map(([name]) => name)).toEqual(["github.com/pulumi/pulumi/pkg/v3"]);
});

test.each(["versions.ts", ".github/workflows/preview.yml"])("Renovate reads %s", (file) => {
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
