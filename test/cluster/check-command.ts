import * as os from "node:os";
import { certificatesCheck } from "../../checks/certificates";
import { driftCheck } from "../../checks/drift";
import type { Finding } from "../../checks/finding";
import { networkCheck } from "../../checks/network";
import { CHECK_LABEL } from "../../checks/own-namespace";
import { reportLines } from "../../checks/report";
import { CHECKS, runChecks } from "../../checks/run-checks";
import { storageCheck } from "../../components/addons/longhorn/check";
import { clusterReport } from "../../cli/cluster-report";
import { clusterAccess, findings } from "../harness/stacks/cluster-access";
import { eventually } from "../harness/eventually";
import type { ClusterUnderTest } from "./checks";
import { folderProvisioner } from "./folder-provisioner";

const quiet = { write: () => undefined };
/** A process id that no process has: the kernel's largest is 2²². */
const DEAD = 4_194_305;

/** What `make check` says of a cluster that is not as it should be: the tests of one `describe`. */
export function checkCommand(cluster: () => ClusterUnderTest): void {
  const namespaces = () => cluster().kubectl.run("get", "namespaces", "-l", CHECK_LABEL, "-o", "name");
  const report = async () => {
    const access = await clusterAccess(cluster().stack);
    const checks = CHECKS.filter((check) => check !== certificatesCheck);
    const args = { stack: "lab", access, json: true, options: { checks }, screen: quiet };
    return clusterReport(args).finally(() => access.api.close());
  };

  test("says what is broken and what to do about it, as text and as JSON, without changing the state", async () => {
    const { kubectl, stack, hosts } = cluster();
    const [, worker] = hosts;
    const state = await stack.exportedState();
    await kubectl.run("-n", "kube-system", "scale", "deployment", "coredns", "--replicas=0");
    await worker.run("sed -i 's/^/#/' /etc/sysctl.d/*homelab*.conf");
    await kubectl.run("-n", "kube-system", "wait", "--for=delete", "pod", "-l", "k8s-app=kube-dns", "--timeout=60s");
    const { text, exitCode } = await report();
    await kubectl.run("-n", "kube-system", "scale", "deployment", "coredns", "--replicas=2");

    expect(exitCode).toBe(1);
    const parsed = JSON.parse(text) as { ok: boolean; findings: Finding[] };
    const failed = parsed.findings.filter(({ status }) => status === "failed").map(({ subject }) => subject);
    expect([parsed.ok, failed]).toEqual([false, ["service", "DNS", "drift"]]);

    const table = reportLines(parsed.findings).join("\n");
    expect(table).toMatch(/^✗ DNS .*server\.homelab-check-/m);
    expect(table).toMatch(new RegExp(`^✗ drift .*${worker.name}-sysctls \\(file .* was changed`, "m"));
    expect(table).toContain("kubectl -n kube-system scale deployment coredns --replicas=2");
    expect(table.split("\n").at(-1)).toMatch(/^\d+ ok, 3 failed, \d+ not checked$/);

    expect(await stack.exportedState()).toBe(state);
    expect(await namespaces()).toBe("");
    await stack.refresh();
    await stack.up();
    expect((await findings(stack, [driftCheck])).map(({ status }) => status)).toEqual(["ok", "ok"]);
  });

  test("leaves nothing behind when it is stopped half-way", async () => {
    const access = await clusterAccess(cluster().stack);
    const stop = new AbortController();
    const run = runChecks(access, { checks: [networkCheck], signal: stop.signal }).catch((error: unknown) => error);
    expect(await eventually(async () => (await namespaces()) !== "", 30, 100)).toBe(true);
    stop.abort(new Error("stopped"));
    expect(await run).toMatchObject({ message: "stopped" });
    expect(await namespaces()).toBe("");
    access.api.close();
  });

  test("removes what a killed check left, and not what one on another workstation may use", async () => {
    const { kubectl, stack } = cluster();
    const namespace = (name: string, maker: string) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: { [CHECK_LABEL]: "true" }, annotations: { "homelab/checked-by": maker } },
      });
    await kubectl.apply(namespace("homelab-check-killed", `${os.hostname()}:${DEAD}`));
    await kubectl.apply(namespace("homelab-check-other", "another-workstation:1"));
    const found = await findings(stack, []);
    expect(found.map(({ status, text }) => `${status}: ${text}`).slice(1)).toEqual([
      "ok: removed what a killed check had left: homelab-check-killed",
      "skipped: homelab-check-other may be of a check that is at work now, and is left alone",
    ]);
    expect(await namespaces()).toBe("namespace/homelab-check-other");
    await kubectl.run("delete", "namespace", "homelab-check-other");
  });

  test("writes to a volume and reads it back where there is a default StorageClass, and leaves no volume", async () => {
    const { kubectl, stack, hosts } = cluster();
    const provisioner = await folderProvisioner(kubectl, hosts[1]);
    const found = await findings(stack, [storageCheck]).finally(() => provisioner.stop());
    expect(found.slice(1)).toEqual([
      {
        subject: "storage",
        status: "ok",
        text: expect.stringMatching(/^written on .*StorageClass folders$/) as string,
      },
    ]);
    expect(provisioner.made).toBe(1);
    expect(await kubectl.run("get", "persistentvolumes,storageclasses", "-o", "name")).toBe("");
  });
}
