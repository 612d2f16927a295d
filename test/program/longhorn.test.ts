import { readFile, writeFile } from "node:fs/promises";
import { preflightDriver } from "../../providers/host/preflight/driver";
import { type ChartRepository, serveChart } from "../harness/servers/chart-repository";
import { type Config, ProgramFolder, type Registered, runProgram, settingsOf } from "./run-program";

/** The whole program with Longhorn on, which the lab's machines can't run. */

jest.setTimeout(60_000);

const NODES = [
  { name: "cp1", role: "control-plane", address: "10.90.0.11" },
  { name: "worker1", role: "worker", address: "10.90.0.12", storage: { disk: "/mnt/ssd" } },
  { name: "worker2", role: "worker", address: "10.90.0.13", capabilities: { iscsi: false } },
];
const HOST_KEYS = ["1", "2", "3"].map(
  (last) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5jPqQhG0dh8Ni8XlQVTcNjvPzI3cNRLpZl4mfhX2D${last}`,
);
const metalNodes = NODES.map((node, index) => ({
  ...node,
  ssh: { hostKey: HOST_KEYS[index], user: "me", agent: true },
}));

let folder: ProgramFolder;
let charts: ChartRepository[];
let metal: Registered[];
let local: Registered[];

async function pinTo(chart: string, repository: string): Promise<void> {
  const file = `charts/${chart}/Chart.yaml`;
  await writeFile(file, (await readFile(file, "utf8")).replace(/repository: .*/, `repository: ${repository}`));
}

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  const longhorn = await serveChart("longhorn", "1.12.1", "a chart");
  charts = [longhorn];
  await pinTo("longhorn", longhorn.url);
  await pinTo("cilium", folder.charts.url);
  // As a user of metal accepts them.
  const accepted = { "cilium-1.20.2": folder.charts.digest, "longhorn-1.12.1": longhorn.digest };
  const lock = Object.entries(accepted).map(([key, digest]) => `${key}: { upstream: ${digest} }\n`);
  await writeFile("charts/charts.lock.yaml", lock.join(""));
  const shared = await settingsOf("lab");
  delete shared["homelab:mirrors"];
  const addons: Config = { longhorn: { enabled: true } };
  metal = await runProgram("metal", {
    ...shared,
    "homelab:addons": addons,
    "homelab:machines": { kind: "metal", nodes: metalNodes },
  });
  const vms = NODES.map((node) => ({ ...node, address: undefined }));
  local = await runProgram("local", {
    ...shared,
    "homelab:addons": { longhorn: { enabled: true, protect: true } },
    "homelab:machines": { kind: "multipass", nodes: vms },
  });
});

afterAll(async () => {
  await Promise.all(charts.map((repository) => repository.close()));
  await folder.leave();
});

const named = (graph: Registered[], name: string) => graph.find((resource) => resource.name === name);

/** Everything that is done before a resource. */
function before(graph: Registered[], name: string, seen = new Set<string>()): Set<string> {
  const resource = named(graph, name);
  // A component is done when what is in it is.
  const inside = graph.filter(({ parent }) => parent === name).map((child) => child.name);
  for (const next of [
    ...(resource?.dependsOn ?? []),
    ...inside,
    ...(resource?.parent ? parentsNeeds(graph, resource) : []),
  ]) {
    if (seen.has(next)) continue;
    seen.add(next);
    before(graph, next, seen);
  }
  return seen;
}

function parentsNeeds(graph: Registered[], { parent }: Registered): string[] {
  return named(graph, parent)?.dependsOn ?? [];
}

test("only the storage node gets the storage step, between the base packages and containerd", () => {
  const steps = metal.filter(({ name }) => name.endsWith("-storage")).map(({ name }) => name);
  expect(steps).toEqual(["worker1-storage"]);
  expect(named(metal, "worker1-storage")?.dependsOn).toEqual(["worker1-base-packages"]);
  expect(named(metal, "worker1-containerd")?.dependsOn).toEqual(["worker1-storage"]);
  expect(named(metal, "worker1-inspection")?.inputs.steps).toContain("storage");
  expect(named(metal, "worker2-inspection")?.inputs.steps).not.toContain("storage");
});

test("iscsi-missing: a host where the storage step fails keeps the chart from being installed", () => {
  expect(before(metal, "longhorn-release")).toContain("worker1-storage");
});

test("iscsi-late: the preflight looks for the storage node's modules, and looks again where Longhorn is switched on later", () => {
  const hosts = named(metal, "preflight")?.inputs.hosts as { name: string; modules?: string[] }[];
  expect(hosts.map(({ name, modules }) => [name, modules])).toEqual([
    ["cp1", undefined],
    ["worker1", ["dm_crypt", "iscsi_tcp"]],
    ["worker2", undefined],
  ]);
  // A host is inspected again where what is recorded of it differs.
  const recorded = {
    hosts: hosts.map((host) => Object.fromEntries(Object.entries(host).filter(([key]) => key !== "modules"))),
    checked: {},
    unchecked: [],
  };
  const diff = preflightDriver.diff("preflight", recorded as never, { hosts, targets: [], expected: {} } as never);
  expect(diff.changes).toBe(true);
});

test("Longhorn comes after nodes that are Ready and labelled", () => {
  expect(named(metal, "longhorn-release")?.dependsOn).toEqual(["cluster-node-metadata", "cluster-ready"]);
  const metadata = String(named(metal, "cluster-node-metadata")?.inputs.stdin);
  expect(metadata).toContain("node.longhorn.io/create-default-disk: config");
  expect(metadata).toContain("/mnt/ssd/longhorn");
  expect(metadata.match(/homelab\/storage: /g)).toHaveLength(1);
});

test("longhorn-uninstall: the label that Longhorn's pods need stays when it is switched off, for they remove it", async () => {
  const off = await runProgram("metal", {
    ...(await settingsOf("lab")),
    "homelab:mirrors": undefined,
    "homelab:addons": {},
    "homelab:machines": { kind: "metal", nodes: metalNodes },
  });
  const metadata = String(named(off, "cluster-node-metadata")?.inputs.stdin);
  expect(metadata.match(/homelab\/storage: /g)).toHaveLength(1);
  expect(metadata).not.toContain("node.longhorn.io");
});

test("longhorn-uninstall: on metal it is protected, in Pulumi and in itself, and goes before its namespace", () => {
  const release = named(metal, "longhorn-release");
  expect(release?.protect).toBe(true);
  expect(release?.inputs).toMatchObject({
    namespace: "longhorn-system",
    values: { defaultSettings: { deletingConfirmationFlag: false } },
  });
  expect(named(metal, "longhorn")?.deletedWith).toBe("");
  expect(named(metal, "longhorn-namespace")?.inputs).toMatchObject({ metadata: { name: "longhorn-system" } });
});

test("Longhorn is deleted with disposable machines, whatever its settings say", () => {
  expect(named(local, "longhorn-release")).toMatchObject({
    protect: false,
    inputs: { values: { defaultSettings: { deletingConfirmationFlag: true } } },
  });
  expect(named(local, "longhorn")?.deletedWith).toBe("cp1");
});

test("no host has more than one step more than without Longhorn", () => {
  const steps = (host: string) =>
    metal.filter(({ type, name }) => type === "command:remote:Command" && name.startsWith(`${host}-`));
  expect([steps("worker1").length, steps("worker2").length]).toEqual([8, 7]);
});
