import { longhornValues } from "../../../components/addons/longhorn/longhorn";
import { possibleStorage, storageParts, withStorageMetadata } from "../../../components/addons/longhorn/storage";
import { parseSettings } from "../../../settings";

interface Node {
  role?: string;
  [field: string]: unknown;
}

/** Virtual machines, which can have storage; named a, b, … in their order. */
function settingsOf(nodes: Node[], longhorn: Record<string, unknown> = {}) {
  const { settings, problems } = parseSettings({
    machines: {
      kind: "multipass",
      nodes: nodes.map((node, index) => ({ name: String.fromCharCode(97 + index), role: "worker", ...node })),
    },
    addons: { longhorn: { enabled: true, ...longhorn } },
  });
  if (!settings) throw new Error(problems.join("\n"));
  return settings;
}

const CONTROL_PLANE: Node = { role: "control-plane" };

function storage(nodes: Node[], longhorn: Record<string, unknown> = {}) {
  return possibleStorage(settingsOf(nodes, longhorn));
}

function values(nodes: Node[], longhorn: Record<string, unknown> = {}, disposable = false) {
  const settings = settingsOf(nodes, longhorn).addons.longhorn;
  return longhornValues({ settings, storage: storage(nodes, longhorn), singleNode: nodes.length === 1, disposable });
}

describe("storage nodes", () => {
  const names = (nodes: Node[]) => storage(nodes).nodes.map(({ node }) => node.name);

  test("are those where ordinary pods run", () => {
    expect(names([CONTROL_PLANE, {}, {}])).toEqual(["b", "c"]);
    expect(names([CONTROL_PLANE])).toEqual(["a"]);
    expect(names([{ ...CONTROL_PLANE, storage: { enabled: true } }, {}])).toEqual(["a", "b"]);
  });

  test("are not machines without iSCSI, which are left out with the reason", () => {
    const { nodes, leftOut } = storage([
      CONTROL_PLANE,
      { capabilities: { iscsi: false } },
      { storage: { enabled: false } },
      {},
    ]);
    expect(nodes.map(({ node }) => node.name)).toEqual(["d"]);
    expect(leftOut).toEqual({
      a: "it is a control plane, which ordinary pods don't run on; storage.enabled: true lets it keep volumes too",
      b: "it has no iSCSI (capabilities.iscsi)",
      c: "storage.enabled is false",
    });
  });

  test("keep their volumes in the folder of the add-on, or on the disk that the inventory names", () => {
    const [b, c] = storage([CONTROL_PLANE, {}, { storage: { disk: "/mnt/ssd" } }], { dataPath: "/srv/data" }).nodes;
    expect([b?.dataPath, c?.dataPath]).toEqual(["/srv/data", "/mnt/ssd/longhorn"]);
    expect(b && withStorageMetadata(b).labels).toMatchObject({ "node.longhorn.io/create-default-disk": "true" });
    const onDisk = c && withStorageMetadata(c);
    expect(onDisk?.labels).toMatchObject({ "node.longhorn.io/create-default-disk": "config" });
    expect(JSON.parse(onDisk?.annotations["node.longhorn.io/default-disks-config"] ?? "")).toEqual([
      { path: "/mnt/ssd/longhorn", allowScheduling: true },
    ]);
  });

  test("keep the labels of the inventory, which may be Longhorn's own", () => {
    const labels = { zone: "attic", "node.longhorn.io/create-default-disk": "config" };
    const [node] = storage([{ ...CONTROL_PLANE, labels }]).nodes;
    expect(node && withStorageMetadata(node).labels).toEqual({ ...labels, "homelab/storage": "true" });
  });

  test("keep their label where Longhorn is off, and get no step on the host", () => {
    const settings = settingsOf([CONTROL_PLANE, {}], { enabled: false });
    const [controlPlane, worker] = settings.machines.nodes.map(storageParts(settings));
    expect(controlPlane).toEqual({ inventory: settings.machines.nodes[0] });
    expect(worker).toEqual({ inventory: { ...settings.machines.nodes[1], labels: { "homelab/storage": "true" } } });
  });
});

test.each([
  [1, 1],
  [2, 2],
  [3, 3],
  [5, 3],
])("with %i storage nodes a volume has %i copies", (count, copies) => {
  const workers: Node[] = Array.from({ length: count }, () => ({}));
  expect(values([CONTROL_PLANE, ...workers])).toMatchObject({
    persistence: { defaultClassReplicaCount: copies },
    defaultSettings: { defaultReplicaCount: `{"v1":"${copies}","v2":"${copies}"}` },
  });
});

test("the number of copies, the folder and the default StorageClass can be set", () => {
  expect(values([CONTROL_PLANE, {}, {}], { replicas: 1, dataPath: "/data", defaultStorageClass: false })).toMatchObject(
    {
      persistence: { defaultClass: false, defaultClassReplicaCount: 1 },
      defaultSettings: { defaultDataPath: "/data" },
    },
  );
});

test("Longhorn's pods tolerate what keeps others off the storage nodes", () => {
  const taint = { key: "disks", value: "only", effect: "NoSchedule" };
  const nodes = [
    { ...CONTROL_PLANE, storage: { enabled: true } },
    { taints: [taint, { key: "soft", effect: "PreferNoSchedule" }] },
    { taints: [taint] },
  ];
  const made = values(nodes);
  expect(made.global).toEqual({
    tolerations: [
      { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
      { key: "disks", operator: "Equal", value: "only", effect: "NoSchedule" },
    ],
  });
  expect(made.defaultSettings).toMatchObject({
    taintToleration: "node-role.kubernetes.io/control-plane:NoSchedule;disks=only:NoSchedule",
  });
  expect(values([CONTROL_PLANE]).global).toEqual({ tolerations: [] });
});

test("longhorn-uninstall: the confirmation flag is set as soon as Longhorn may be removed", () => {
  const flag = (...args: Parameters<typeof values>) => values(...args).defaultSettings;
  expect(flag([CONTROL_PLANE])).toMatchObject({ deletingConfirmationFlag: false });
  expect(flag([CONTROL_PLANE], { protect: false })).toMatchObject({ deletingConfirmationFlag: true });
  expect(flag([CONTROL_PLANE], {}, true)).toMatchObject({ deletingConfirmationFlag: true });
});
