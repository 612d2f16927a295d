import { certificatesFinding } from "../../../checks/certificates";
import { ciliumFinding } from "../../../components/addons/cilium/check";
import { changesOf, driftFinding } from "../../../checks/drift";
import { type Preview, readPreview } from "../../../checks/preview";
import { gitopsFinding } from "../../../components/addons/argocd/check";
import type { Node, Pod, Workload } from "../../../checks/kubernetes-objects";
import { nodesFinding } from "../../../checks/nodes";
import { isLeftOver } from "../../../checks/own-namespace";
import { chooseClass } from "../../../components/addons/longhorn/check";
import { systemPodsFinding } from "../../../checks/system-pods";
import * as os from "node:os";

const NOW = new Date("2026-11-22T12:00:00Z");
const ready = (value: boolean, message?: string) => [{ type: "Ready", status: value ? "True" : "Unknown", message }];

const node = (name: string, isReady = true, spec: Node["spec"] = {}): Node => ({
  metadata: { name },
  spec,
  status: { conditions: ready(isReady, isReady ? undefined : "Kubelet stopped posting node status.") },
});

describe("nodes", () => {
  test("are in order where those of the inventory are Ready, and no others are there", () => {
    expect(nodesFinding([node("cp1"), node("w1")], ["cp1", "w1"])).toMatchObject({ status: "ok" });
  });

  test.each([
    ["missing", [node("cp1")], "w1 is not in the cluster"],
    ["not Ready", [node("cp1"), node("w1", false)], "w1 is not Ready: Kubelet stopped posting node status."],
    ["unknown", [node("cp1"), node("w1"), node("x")], "x: in the cluster, and not in the inventory"],
  ])("fail where one is %s", (_, nodes, text) => {
    const finding = nodesFinding(nodes, ["cp1", "w1"]);
    expect(finding).toMatchObject({ status: "failed", text });
    expect(finding.action).toContain(text.slice(0, text.search(/[ :]/)));
  });

  test("warn where one is cordoned", () => {
    const finding = nodesFinding([node("cp1"), node("w1", true, { unschedulable: true })], ["cp1", "w1"]);
    expect(finding).toMatchObject({
      status: "warning",
      action: expect.stringContaining("kubectl uncordon w1") as string,
    });
  });
});

const pod = (name: string, status: Partial<Pod["status"]> = {}): Pod => ({
  metadata: { name, namespace: "kube-system" },
  spec: { nodeName: "cp1" },
  status: { phase: "Running", conditions: ready(true), ...status },
});
const restarting = (restartCount: number, finishedAt: string, waiting?: { reason: string; message?: string }) => [
  { name: "c", restartCount, state: waiting ? { waiting } : {}, lastState: { terminated: { finishedAt } } },
];

describe("system pods", () => {
  const workload = (readyReplicas: number): Workload => ({
    metadata: { name: "coredns", namespace: "kube-system" },
    spec: { replicas: 2 },
    status: { readyReplicas },
  });

  test("are in order where all are ready; what has ended is of no concern", () => {
    const pods = [pod("a"), pod("job", { phase: "Succeeded", conditions: ready(false) })];
    expect(systemPodsFinding(pods, [workload(2)], NOW)).toMatchObject({ status: "ok", text: "all 1 run" });
  });

  test("fail where one starts again and again, with its reason and how often", () => {
    const statuses = restarting(7, "2026-11-22T11:59:00Z", { reason: "CrashLoopBackOff", message: "back-off" });
    const looping = pod("a", { conditions: ready(false), containerStatuses: statuses });
    expect(systemPodsFinding([looping], [], NOW)).toMatchObject({
      status: "failed",
      text: "kube-system/a CrashLoopBackOff: back-off (restarted 7 times)",
      action: expect.stringContaining("kubectl -n kube-system logs a") as string,
    });
  });

  test("fail where a Deployment has too few", () => {
    expect(systemPodsFinding([pod("a")], [workload(1)], NOW)).toMatchObject({
      status: "failed",
      text: "kube-system/coredns: 1 of 2 ready",
    });
  });

  test.each([
    ["just now", "2026-11-22T11:55:00Z", "warning"],
    ["yesterday", "2026-11-21T11:55:00Z", "ok"],
  ])("that run and restarted often, the last time %s, are a %s", (_, finishedAt, status) => {
    const pods = [pod("a", { containerStatuses: restarting(6, finishedAt) })];
    expect(systemPodsFinding(pods, [], NOW)).toMatchObject({ status });
  });
});

test("Cilium needs a ready agent on every node", () => {
  const other = { ...pod("b", { conditions: ready(false) }), spec: { nodeName: "w1" } };
  expect(ciliumFinding(["cp1"], [pod("a")])).toMatchObject({ status: "ok" });
  expect(ciliumFinding(["cp1", "w1", "w2"], [pod("a"), other])).toMatchObject({
    status: "failed",
    text: "w1: its agent is not ready (it is Running); w2: it has no agent",
  });
});

describe("GitOps sync", () => {
  const application = (
    name: string,
    sync: string,
    health: string,
    conditions?: { type: string; message: string }[],
  ) => ({
    metadata: { name },
    status: { sync: { status: sync }, health: { status: health }, conditions },
  });

  test("is in order where all Applications are Synced and Healthy, the root among them", () => {
    const all = [application("root", "Synced", "Healthy"), application("hello", "Synced", "Healthy")];
    expect(gitopsFinding(all, "https://git")).toMatchObject({ status: "ok" });
    expect(gitopsFinding(all.slice(1), "https://git")).toMatchObject({ status: "failed" });
  });

  test("says Argo CD's own words, and the setting to correct", () => {
    const message = "authentication required";
    const all = [application("root", "Unknown", "Healthy", [{ type: "ComparisonError", message }])];
    expect(gitopsFinding(all, "https://git")).toMatchObject({
      status: "failed",
      text: `root: ComparisonError: ${message}`,
      action: expect.stringContaining("gitops.username") as string,
    });
  });
});

test.each([
  ["2026-11-21", "failed", "cp1: /pki/apiserver.crt ended on 2026-11-21"],
  ["2026-12-01", "warning", "cp1: /pki/apiserver.crt ends in 8 day(s), on 2026-12-01"],
  ["2027-11-22", "ok", "364 days left for the first to end (cp1: /pki/apiserver.crt)"],
])("a certificate that ends on %s is %s", (end, status, text) => {
  const certificates = [{ file: "/pki/apiserver.crt", end: new Date(`${end}T06:00:00Z`) }];
  const finding = certificatesFinding([{ host: "cp1", certificates }], NOW);
  expect(finding).toMatchObject({ status, text });
  if (status !== "ok") expect(finding.action).toContain("kubeadm certs renew");
});

test("drift is what the preview would change, with what was found on the host", () => {
  const step = (op: string, name: string, more = {}) => ({ op, urn: `urn:pulumi:lab::homelab::t::${name}`, ...more });
  const update = "bash -s # drift 1 sysctl vm.x is 0, expected 1";
  const steps = [
    step("refresh", "cp1"),
    step("refresh", "w1-sysctls", { newState: { inputs: { update: "sudo -n bash -s # drift 0" } } }),
    step("same", "w1"),
    step("update", "w1-sysctls", { newState: { inputs: { update } }, detailedDiff: { update: {} } }),
    step("update", "cilium-release", { newState: { inputs: {} }, detailedDiff: { values: {} } }),
    step("create", "w2"),
  ];
  const read = (some: object[]) => readPreview(JSON.stringify({ steps: some })) as Preview;
  expect(driftFinding(changesOf(read(steps)))).toMatchObject({
    status: "failed",
    text: "3 difference(s): cilium-release (values); w1-sysctls (sysctl vm.x is 0, expected 1); w2 (create)",
  });
  expect(driftFinding(changesOf(read(steps.slice(0, 3))))).toMatchObject({ status: "ok" });
  expect(readPreview("error: no stack")).toBeUndefined();
});

test("storage is checked on the default StorageClass, else on Longhorn's, and not on volumes made by hand", () => {
  const storageClass = (name: string, isDefault: boolean, provisioner = "driver.example") => ({
    metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } },
    provisioner,
  });
  const longhorn = storageClass("longhorn", false);
  expect(chooseClass([longhorn, storageClass("own", true)])).toEqual({ name: "own" });
  expect(chooseClass([longhorn, storageClass("own", false)])).toEqual({ name: "longhorn" });
  expect(chooseClass([storageClass("own", false)])).toHaveProperty("why");
  expect(chooseClass([storageClass("hand", true, "kubernetes.io/no-provisioner")])).toHaveProperty("why");
});

describe("a namespace of a check", () => {
  const namespace = (maker: string, creationTimestamp: string) => ({
    metadata: { name: "homelab-check-1", annotations: { "homelab/checked-by": maker }, creationTimestamp },
  });
  const RECENT = "2026-11-22T11:59:00Z";

  test("is left over where its process on this workstation is gone", () => {
    const mine = namespace(`${os.hostname()}:77`, RECENT);
    expect(isLeftOver(mine, NOW, () => false)).toBe(true);
    expect(isLeftOver(mine, NOW, (pid) => pid === 77)).toBe(false);
  });

  test("of another workstation is left over only when no check takes that long", () => {
    expect(isLeftOver(namespace("other:77", RECENT), NOW, () => false)).toBe(false);
    expect(isLeftOver(namespace("other:77", "2026-11-22T11:40:00Z"), NOW, () => true)).toBe(true);
  });
});
