import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { knownAction } from "../../cli/advice";
import { possibleStorage, withStorageMetadata } from "../../components/addons/longhorn/storage";
import { parseSettings } from "../../settings";
import { ApiServer } from "../harness/api/api-server";
import { eventually } from "../harness/eventually";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import { LabStack } from "../harness/stacks/lab-stack";
import { type LonghornChart, longhornChart, withVersion } from "../harness/servers/longhorn-chart";
import { FakeLonghorn } from "../harness/api/fake-longhorn";
import { FakeNodes, type Pod } from "../harness/api/fake-nodes";
import type { Wanted } from "./longhorn-program";

/** Longhorn by its chart on a real API server: objects, order, and how it is removed. Longhorn itself is a fake. */

jest.setTimeout(10 * 60_000);

const NAMESPACE = "longhorn-system";
const OWN_DISKS = { key: "disks", value: "only", effect: "NoSchedule" };
const MACHINES = {
  kind: "multipass",
  nodes: [
    { name: "cp1", role: "control-plane" },
    { name: "worker1", role: "worker", taints: [OWN_DISKS] },
    { name: "worker2", role: "worker", storage: { disk: "/mnt/ssd" } },
    { name: "worker3", role: "worker", capabilities: { iscsi: false } },
  ],
};

let folder: string;
let api: ApiServer;
let nodes: FakeNodes;
let longhorn: FakeLonghorn;
let chart: LonghornChart;
let stack: LabStack;
let now: { settings: Record<string, unknown>; chart: LonghornChart; disposable: boolean };

/** Changes what the program is to make. */
async function want(changes: Partial<typeof now>): Promise<void> {
  now = { ...now, ...changes };
  const values = load(await readFile(path.join(CHECKOUT, "charts/longhorn/values.yaml"), "utf8"));
  const { version, file } = now.chart;
  const fetched = { name: "longhorn", version, path: file, values: values as Record<string, unknown> };
  const wanted: Wanted = {
    machines: MACHINES,
    addons: { longhorn: now.settings },
    charts: now.settings.enabled === false ? {} : { longhorn: fetched },
    kubeconfig: api.kubeconfig,
    disposable: now.disposable,
  };
  await writeFile(path.join(folder, "wanted.json"), JSON.stringify(wanted), { mode: 0o600 });
}

/** The nodes as the inventory's labels, annotations and taints make them. */
function inventory() {
  const { settings } = parseSettings({ machines: MACHINES, addons: { longhorn: { enabled: true } } });
  if (!settings) throw new Error("the settings of the test are wrong");
  const storage = possibleStorage(settings).nodes;
  return settings.machines.nodes.map((node) => {
    const keeping = storage.find((one) => one.node.name === node.name);
    return keeping ? withStorageMetadata(keeping) : node;
  });
}

const steps = () => stack.planned();
const get = <T>(at: string) => api.request<T>("GET", at);
const there = (at: string) =>
  get(at).then(
    () => true,
    () => false,
  );
const pods = async (label: string) =>
  (await get<{ items: Pod[] }>(`/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=app%3D${label}`)).items;
const releases = async () =>
  (await get<{ items: unknown[] }>(`/api/v1/namespaces/${NAMESPACE}/secrets?labelSelector=owner%3Dhelm`)).items.length;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "homelab-longhorn-"));
  process.env.TEST_LONGHORN = path.join(folder, "wanted.json");
  chart = await longhornChart(folder);
  api = await ApiServer.start();
  nodes = await FakeNodes.register(api, inventory());
  longhorn = FakeLonghorn.start(api, nodes);
  now = { settings: { enabled: true }, chart, disposable: false };
  await want({});
  const program = "test/engine/longhorn-program.ts";
  stack = await LabStack.create({ name: "lh", roles: ["control-plane"], mirror: false, program });
});

afterAll(async () => {
  await longhorn?.stop();
  await nodes?.stop();
  await api?.end();
  await rm(folder, { recursive: true, force: true });
  if (stack) await rm(stack.folder, { recursive: true, force: true });
});

test("its namespace comes first, and everything runs on the storage nodes alone", async () => {
  await stack.up();
  const { metadata } = await get<{ metadata: { labels: object } }>(`/api/v1/namespaces/${NAMESPACE}`);
  expect(metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "privileged" });
  const managers = (await pods("longhorn-manager")).map(({ spec }) => spec.nodeName);
  expect(managers.sort()).toEqual(["worker1", "worker2"]);
  expect(await stack.output("storage")).toMatchObject({ nodes: ["worker1", "worker2"] });
});

test("its settings and its StorageClass follow from the storage nodes", async () => {
  const at = `/api/v1/namespaces/${NAMESPACE}/configmaps/longhorn-default-setting`;
  const { data } = await get<{ data: Record<string, string> }>(at);
  expect(load(data["default-setting.yaml"] ?? "")).toMatchObject({
    "default-data-path": "/var/lib/longhorn",
    "default-replica-count": '{"v1":"2","v2":"2"}',
    "create-default-disk-labeled-nodes": true,
    "taint-toleration": "disks=only:NoSchedule",
    "deleting-confirmation-flag": false,
  });
  const storageClass = "/apis/storage.k8s.io/v1/storageclasses/longhorn";
  expect(await eventually(() => there(storageClass), 20)).toBe(true);
  expect(await get(storageClass)).toMatchObject({
    metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    parameters: { numberOfReplicas: "2" },
  });
});

test("a second up changes nothing", async () => {
  expect(await steps()).toEqual([]);
  const { output } = await stack.up();
  expect(output).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
});

test("another pin, and the old one again, are one readable update each", async () => {
  const older = await withVersion(chart, "1.12.0", folder);
  for (const [to, from] of [[older, chart] as const, [chart, older] as const]) {
    await want({ chart: to });
    expect(await steps()).toEqual(["update longhorn-release"]);
    const preview = await stack.previewText();
    expect(preview).toMatch(new RegExp(`version: +"${from.version}" => "${to.version}"`));
    await stack.up();
    expect(await steps()).toEqual([]);
  }
});

test("while it is protected, nothing of it can be removed", async () => {
  await want({ settings: { enabled: false } });
  const refused = await stack.tryUp();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toContain("longhorn-release");
  expect(refused.output).toContain("protect");
  expect(longhorn.log).toEqual([]);
  expect(await releases()).toBeGreaterThan(0);
});

test("longhorn-uninstall: the flag is set before it is removed, its job is awaited, and its namespace goes last", async () => {
  await want({ settings: { enabled: true, protect: false } });
  expect(await steps()).toEqual(["update longhorn-release"]);
  await stack.up();
  expect(await eventually(() => longhorn.confirmed(), 20)).toBe(true);
  await want({ settings: { enabled: false } });
  expect((await steps()).sort()).toEqual(["delete longhorn", "delete longhorn-namespace", "delete longhorn-release"]);
  await stack.up();
  expect(longhorn.log).toEqual(["emptied"]);
  expect(await there(`/api/v1/namespaces/${NAMESPACE}`)).toBe(false);
  expect(await there("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/settings.longhorn.io")).toBe(false);
  expect(await there("/apis/storage.k8s.io/v1/storageclasses/longhorn")).toBe(false);
});

test("longhorn-uninstall: without the flag its job refuses, the release stays, and with it destroy ends", async () => {
  await want({ settings: { enabled: true, protect: false } });
  await stack.up();
  expect(await eventually(() => longhorn.confirmed(), 20)).toBe(true);
  // By hand, on Longhorn's page.
  await longhorn.confirm(false);
  const refused = await stack.pulumi("destroy", "--yes", "--skip-preview");
  expect(refused.exitCode).not.toBe(0);
  const said = /job longhorn-uninstall failed/.exec(refused.output)?.[0] ?? refused.output;
  expect(knownAction(said)).toContain("deleting-confirmation-flag");
  expect(longhorn.log.at(-1)).toMatch("refused");
  expect(await releases()).toBeGreaterThan(0);
  expect(await there(`/apis/batch/v1/namespaces/${NAMESPACE}/jobs/longhorn-uninstall`)).toBe(true);

  await longhorn.confirm(true);
  await stack.destroy();
  expect(longhorn.log.at(-1)).toBe("emptied");
  expect(await there(`/api/v1/namespaces/${NAMESPACE}`)).toBe(false);
});
