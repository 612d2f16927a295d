import { STEPS, type NodeSteps, stepsOf } from "../../../components/node/steps";
import type { StorageFolder } from "../../../components/node/storage";
import { stepScript } from "../../../providers/host/shell/script";
import { gatherScript } from "../../../providers/host/inspection/gather";
import { probePlan } from "../../../providers/host/preflight/probe-plan";
import { probeScript } from "../../../providers/host/preflight/probe-script";
import { HOSTILE, testGolden } from "../../harness/golden";

const plain: NodeSteps = {
  kubernetesVersion: "1.36.3",
  kubernetesDebRevision: "1.1",
  criToolsVersion: "1.36.0",
  containerdVersion: "2.2.3-1",
  containerd: { sandboxImage: "registry.k8s.io/pause:3.10.2", mirrors: {} },
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
  { apiPort: 6443, cilium: true, hubble: true, subnets: [], refusesCgroupV1: true, ignored: [] },
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
    "inspection/gather.sh": gatherScript("homelab-0123456789abcdef"),
    "inspection/gather-condition.sh": gatherScript("homelab-0123456789abcdef", { condition: true }),
    "preflight/probes.sh": probeScript("worker1", PROBES, "homelab-0123456789abcdef"),
  },
  // SC1091: os-release is the host's, not this computer's.
  { except: ["SC1091"] },
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

test("steps come in the order in which they need each other", () => {
  expect(stepsOf({ sharedKernel: false, iscsi: true }, plain).map(({ name }) => name)).toEqual([...STEPS]);
});

test("a storage node has what Longhorn needs before containerd, and another node has nothing of it", () => {
  const names = stepsOf({ sharedKernel: false, iscsi: true }, storage({ dataPath: "/data" })).map(({ name }) => name);
  expect(names).toEqual(STEPS.flatMap((name) => (name === "containerd" ? ["storage", name] : [name])));
});

test("a changed sysctl changes one step, and in it only the lines that have the value", () => {
  const capabilities = { sharedKernel: false, iscsi: true };
  const text = (settings: NodeSteps) =>
    stepsOf(capabilities, settings).map(({ name, ...step }) =>
      stepScript({ host: "cp1", step: name, ...step }).split("\n"),
    );
  const [before, after] = [text(plain), text({ ...plain, sysctls: { "fs.inotify.max_user_instances": "1024" } })];
  const changed = before.flatMap((lines, index) => lines.filter((line) => !after[index]?.includes(line)));
  expect(changed).toEqual([
    "fs.inotify.max_user_instances = 512",
    "set_sysctl fs.inotify.max_user_instances 512",
    expect.stringContaining("/etc/sysctl.d/99-zz-homelab.conf"),
    expect.stringContaining('"value":"512"'),
  ]);
});

test("a sysctl that would be two lines is refused", () => {
  expect(() => stepsOf({ sharedKernel: false, iscsi: true }, { ...plain, sysctls: { "a\nb": "1" } })).toThrow(
    "two lines",
  );
});
