import type { NodeSteps } from "../../../components/node/step";
import { type HostStep, STEPS, stepsOf } from "../../../components/node/steps";
import type { StorageFolder } from "../../../components/addons/longhorn/storage";
import { libraryText } from "../../../providers/host/shell/library";
import { stepScript } from "../../../providers/host/shell/script";
import { inspectionScript } from "../../../providers/host/inspection/script";
import { probePlan } from "../../../providers/host/preflight/probe-plan";
import { probeScript } from "../../../providers/host/preflight/probe-script";
import { HOSTILE, testGolden } from "../../harness/golden";
import { EXPECTED } from "../preflight/expectations";

const plain: NodeSteps = {
  kubernetesVersion: "1.36.3",
  kubernetesDebRevision: "1.1",
  criToolsVersion: "1.36.0",
  containerdVersion: "2.2.3-1",
  containerd: { sandboxImage: "registry.k8s.io/pause:3.10.2", mirrors: {} },
  modules: [],
  sysctls: {},
  repositories: {
    kubernetes: { url: "https://pkgs.k8s.io/core:/stable:/v{minor}/deb/", fingerprint: "A".repeat(40) },
    docker: { url: "https://download.docker.com/linux/{distribution}", fingerprint: "B".repeat(40) },
  },
};

const hostile: NodeSteps = {
  kubernetesVersion: `1.36.3 ${HOSTILE}`.replaceAll('"', ""),
  kubernetesDebRevision: "1.1",
  criToolsVersion: `1.36.0 ${HOSTILE}`.replaceAll('"', ""),
  containerdVersion: `2.2.3-1 ${HOSTILE}`.replaceAll('"', ""),
  containerd: {
    sandboxImage: `pause ${HOSTILE}`.replaceAll('"', ""),
    mirrors: { "docker.io": [`https://m.example/v2/${HOSTILE}`] },
  },
  modules: [],
  sysctls: { "net.core.somaxconn": `1 ${HOSTILE}`.replaceAll('"', "") },
  repositories: {
    kubernetes: { url: `https://m.example/${HOSTILE}`, fingerprint: HOSTILE },
    docker: { url: `https://m.example/${HOSTILE}`, fingerprint: HOSTILE },
  },
  storage: { dataPath: `/mnt/${HOSTILE}/longhorn`, disk: `/mnt/${HOSTILE}` },
  proxy: { http: `http://proxy.example/${HOSTILE}`, noProxy: [HOSTILE] },
};

const PROBED = { incarnation: "1", sharedKernel: false, listening: "" };
const PROBES = probePlan(
  [
    { name: "cp1", role: "control-plane", address: "10.90.0.11", ...PROBED },
    { name: "worker1", role: "worker", address: "10.90.0.12", ...PROBED },
  ],
  EXPECTED,
);

testGolden(
  "steps",
  {
    ...scripts("own-kernel", "cp1", { sharedKernel: false, iscsi: true }, plain),
    ...scripts("shared-kernel", "cp1", { sharedKernel: true, iscsi: false }, plain),
    ...scripts("storage", "w1", { sharedKernel: false, iscsi: true }, storage({ dataPath: "/var/lib/longhorn" })),
    ...scripts(
      "storage-disk",
      "w1",
      { sharedKernel: true, iscsi: true },
      storage({ dataPath: "/mnt/ssd/longhorn", disk: "/mnt/ssd" }),
    ),
    "inspection/inspect.sh": inspectionScript("homelab-0123456789abcdef"),
    "inspection/inspect-preflight.sh": inspectionScript("homelab-0123456789abcdef", {
      preflight: true,
      wanted: {
        packages: STEPS.flatMap(({ packages }) => packages?.(plain) ?? []),
        modules: ["overlay", "vxlan"],
        firewall: { node: "10.90.0.12", pod: "10.244.0.1", ports: [10250, 4244] },
      },
    }),
    "preflight/probes.sh": probeScript("worker1", PROBES, "homelab-0123456789abcdef"),
  },
  { except: [] },
);
// They differ in values alone, which quote() has in its own test: half the time without shellcheck.
testGolden("steps", scripts("hostile", `cp1${HOSTILE}`, { sharedKernel: false, iscsi: true }, hostile), {
  except: "all",
});

/** A storage node; its other steps are those of any node. */
function storage(folder: StorageFolder): NodeSteps {
  return { ...plain, storage: folder };
}

function scripts(
  folder: string,
  host: string,
  capabilities: { sharedKernel: boolean; iscsi: boolean },
  settings: NodeSteps,
): Record<string, string> {
  const steps = stepsOf(capabilities, settings);
  const shown = folder.startsWith("storage") ? steps.filter(({ name }) => name === "storage") : steps;
  return Object.fromEntries(
    shown.map(({ name, ...step }) => [`${folder}/${name}.sh`, stepScript({ host, step: name, ...step })]),
  );
}

test("a storage node has what Longhorn needs before containerd, and another node has nothing of it", () => {
  const names = (settings: NodeSteps) =>
    stepsOf({ sharedKernel: false, iscsi: true }, settings).map(({ name }) => name);
  const all = STEPS.map(({ name }) => name);
  expect(names(storage({ dataPath: "/data" }))).toEqual(all);
  expect(names(plain)).toEqual(all.filter((name) => name !== "storage"));
  expect(all.indexOf("storage")).toBeLessThan(all.indexOf("containerd"));
});

test("the library comes first, and its text is in no other step: an edit of it is an update of that one alone", () => {
  const [first, ...others] = stepsOf({ sharedKernel: false, iscsi: true }, storage({ dataPath: "/data" }));
  const text = ({ name, ...step }: HostStep) => stepScript({ host: "cp1", step: name, ...step });
  expect(first && text(first)).toContain(libraryText());
  const functions = libraryText().match(/^\w+\(\) \{/gm) ?? [];
  expect(functions.length).toBeGreaterThan(50);
  for (const step of others) expect(functions.filter((line) => text(step).includes(line))).toEqual([]);
});

test("a changed sysctl changes one step, and in it only the lines that have the value", () => {
  const capabilities = { sharedKernel: false, iscsi: true };
  const text = (settings: NodeSteps) =>
    stepsOf(capabilities, settings).map(({ name, ...step }) =>
      stepScript({ host: "cp1", step: name, ...step }).split("\n"),
    );
  const [before, after] = [text(plain), text({ ...plain, sysctls: { "net.ipv4.ip_forward": "2" } })];
  const changed = before.flatMap((lines, index) => lines.filter((line) => !after[index]?.includes(line)));
  expect(changed).toEqual([
    "net.ipv4.ip_forward = 1",
    'set_sysctl net.ipv4.ip_forward 1 "$action"',
    expect.stringContaining("expect file /etc/sysctl.d/99-zz-homelab.conf"),
    "expect sysctl net.ipv4.ip_forward 1",
  ]);
});

test("a sysctl that would be two lines is refused", () => {
  expect(() => stepsOf({ sharedKernel: false, iscsi: true }, { ...plain, sysctls: { "a\nb": "1" } })).toThrow(
    "two lines",
  );
});

test("a step that says what it disturbs says so of facts that it has, and of nothing else", () => {
  const disturbing = STEPS.filter(({ effects }) => effects);
  expect(disturbing.map(({ name }) => name)).toEqual(["containerd", "kubernetes-packages"]);
  for (const { effects, expected } of disturbing) {
    const facts = expected({ ...plain, sharedKernel: false, iscsi: true }).map(({ kind, key }) => `${kind} ${key}`);
    expect(facts.filter((fact) => effects?.(new Set([fact])).length !== 0)).not.toEqual([]);
    expect(effects?.(new Set())).toEqual([]);
  }
});
