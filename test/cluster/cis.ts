import { readFileSync } from "node:fs";
import path from "node:path";
import { cisChecksOf, cisDefinitions, cisScript, failedCis } from "../harness/cis";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import { testUnless } from "../harness/machines/requirements";
import type { TestHost } from "../harness/machines/test-host";

const { folder, missing } = { folder: undefined, ...cisDefinitions() };
const whereDefined = testUnless(missing);

/** The numbers of the checks that docs/security.md lists with a reason. */
function exceptions(): string[] {
  const page = readFileSync(path.join(CHECKOUT, "docs", "security.md"), "utf8");
  return [...page.matchAll(/^\| (\d+\.\d+\.\d+) /gm)].map(([, number = ""]) => number);
}

/** The numbers of the automated checks that fail on a host. */
async function failures(host: TestHost, targets: readonly string[]): Promise<string[]> {
  const checks = cisChecksOf(folder ?? "", targets);
  expect(checks.length).toBeGreaterThan(8);
  return failedCis(checks, await host.run(cisScript(checks)));
}

/** The CIS Kubernetes Benchmark, by the definitions of kube-bench: a control plane, then a worker. */
export function cisChecks(hosts: () => readonly [TestHost, TestHost, ...TestHost[]]): void {
  whereDefined(
    "fails none of the CIS benchmark's checks but those that docs/security.md lists, and one that fails is found",
    async () => {
      const [controlPlane, worker] = hosts();
      expect(await failures(controlPlane, ["master", "etcd", "node"])).toEqual(exceptions());
      expect(await failures(worker, ["node"])).toEqual(exceptions().filter((number) => number.startsWith("4.")));
      await worker.run("chmod 644 /var/lib/kubelet/config.yaml");
      expect(await failures(worker, ["node"])).toContain("4.1.9");
      await worker.run("chmod 600 /var/lib/kubelet/config.yaml");
    },
  );
}
