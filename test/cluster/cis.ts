import { readFileSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import path from "node:path";
import { whyNoTimeFor } from "../../lab/addons/time-left";
import { areBuilt, ensureBinaries } from "../../lab/build/binaries";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import type { ContainerHost } from "../harness/machines/test-host";

/** The newest benchmark that kube-bench has; it is for Kubernetes 1.32 and newer. */
const BENCHMARK = "cis-1.12";
/** What compiling takes on two cores, in minutes. */
const BUILD_MINUTES = 3;
/** Below /run of the host, which is in memory. */
const FOLDER = "run/kube-bench";

interface Results {
  Controls: {
    tests: { results: { test_number: string; test_desc: string; status: string; actual_value: string }[] }[];
  }[];
}

const missing = areBuilt("kube-bench") ? undefined : whyNoTimeFor("kube-bench", BUILD_MINUTES);
const onlyBuilt = (name: string, run: () => Promise<void>) =>
  missing ? test.skip(`${name} (skipped: ${missing})`, run) : test(name, run, 20 * 60_000);

/** The numbers of the checks that docs/security.md lists with a reason, by the kind of node that has them. */
function exceptions(): string[] {
  const page = readFileSync(path.join(CHECKOUT, "docs", "security.md"), "utf8");
  return [...page.matchAll(/^\| (\d+\.\d+\.\d+) /gm)].map(([, number = ""]) => number);
}

/** What a host's checks say, by number: PASS, FAIL, WARN or INFO. */
async function kubeBench(host: ContainerHost, targets: string): Promise<Map<string, string>> {
  const folder = `/proc/${await host.leader()}/root/${FOLDER}`;
  await cp(await ensureBinaries("kube-bench"), folder, { recursive: true });
  try {
    const text = await host.run(
      `cd /${FOLDER}; export KUBECONFIG=/etc/kubernetes/kubelet.conf
./kube-bench run --config-dir cfg --config cfg/config.yaml --benchmark ${BENCHMARK} --targets ${targets} --json`,
    );
    const { Controls } = JSON.parse(text) as Results;
    const all = Controls.flatMap(({ tests }) => tests).flatMap(({ results }) => results);
    for (const { test_number, test_desc, status, actual_value } of all.filter((one) => one.status === "FAIL"))
      process.stderr.write(`${host.name}: ${status} ${test_number} ${test_desc}: ${actual_value.slice(0, 200)}\n`);
    return new Map(all.map(({ test_number, status }) => [test_number, status]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const failing = (results: Map<string, string>) =>
  [...results].filter(([, status]) => status === "FAIL").map(([number]) => number);
const passing = (results: Map<string, string>) => [...results.values()].filter((status) => status === "PASS").length;

/** The CIS Kubernetes Benchmark by kube-bench: a control plane, then a worker. */
export function cisChecks(hosts: () => [ContainerHost, ContainerHost]): void {
  onlyBuilt(
    "fails none of the CIS benchmark's checks but those that docs/security.md lists, and kube-bench finds one that does",
    async () => {
      const [controlPlane, worker] = hosts();
      const all = await kubeBench(controlPlane, "master,etcd,node");
      expect(failing(all)).toEqual(exceptions());
      expect(passing(all)).toBeGreaterThan(50);

      const ofNode = await kubeBench(worker, "node");
      expect(failing(ofNode)).toEqual(exceptions().filter((number) => number.startsWith("4.")));
      await worker.run("chmod 644 /var/lib/kubelet/config.yaml");
      expect(failing(await kubeBench(worker, "node"))).toContain("4.1.9");
      await worker.run("chmod 600 /var/lib/kubelet/config.yaml");
    },
  );
}
