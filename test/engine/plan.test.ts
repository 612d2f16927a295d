import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { readPreview } from "../../checks/preview";
import { madeUpHostKey } from "../../cli/from-empty-settings";
import { forPullRequest } from "../../cli/plan/markdown";
import { planOf } from "../../cli/plan/plan-of";
import { forTerminal } from "../../cli/plan/terminal";
import { settingLines } from "../../settings/positions";
import { ApiServer } from "../harness/api/api-server";
import { seededRandom } from "../harness/seeded-random";
import { imagineState } from "../harness/stacks/imagined-state";
import type { LabSettings } from "../harness/stacks/lab-settings";
import { LabStack } from "../harness/stacks/lab-stack";

/** The plan of each kind of change, from previews of the real engine against a cluster of three hosts that runs. */

jest.setTimeout(5 * 60_000);

const GOLDEN = path.join(__dirname, "..", "unit", "golden", "plan");
const NEW_WORKER = {
  name: "worker3",
  role: "worker",
  address: "192.168.1.14",
  ssh: { hostKey: madeUpHostKey("worker3") },
};

let api: ApiServer;
let stack: LabStack;

beforeAll(async () => {
  api = await ApiServer.start();
  const change = (settings: LabSettings): void => {
    for (const key of Object.keys(settings)) delete settings[key];
    Object.assign(settings, clusterOfThree(api.port));
  };
  stack = await LabStack.create({
    ...{ name: "pln", roles: ["control-plane", "worker", "worker"], mirror: false, copy: true },
    change,
  });
  await stack.setSecrets([["homelab:addons.argocd.adminPassword", "first-Password1"]]);
  // So that each release has a chart, as in a cluster that runs.
  await inFile("charts/charts.lock.yaml", /^/, digests("longhorn-1.12.1", "cilium-1.20.3"))();
  await imagineState(stack, api);
}, 10 * 60_000);

afterAll(async () => {
  await api?.end();
  // Its hosts are imagined: there is nothing to destroy.
  if (stack) await rm(stack.folder, { recursive: true });
});

function clusterOfThree(port: number): object {
  const nodes = ["cp1", "worker1", "worker2"].map((name, index) => ({
    ...{ name, role: index === 0 ? "control-plane" : "worker", address: `192.168.1.${11 + index}` },
    ssh: { hostKey: madeUpHostKey(name) },
  }));
  return {
    "homelab:ssh": { user: "ubuntu", agent: true },
    "homelab:machines": { kind: "metal", nodes },
    "homelab:cluster": { controlPlaneEndpoint: { host: "127.0.0.1", port } },
    "homelab:addons": { cilium: {}, longhorn: { enabled: true }, argocd: { enabled: true } },
  };
}

/** Lines of the charts' lock file, with digests of no chart. */
function digests(...charts: string[]): string {
  return charts.map((chart) => `${chart}:\n  upstream: ${createHash("sha256").update(chart).digest("hex")}\n`).join("");
}

type Edit = () => Promise<unknown>;

const settings =
  (change: (settings: LabSettings) => unknown): Edit =>
  () =>
    stack.change((all) => void change(all));

const secret =
  (setting: string, value: string): Edit =>
  () =>
    stack.setSecrets([[`homelab:${setting}`, value]]);

const inFile =
  (file: string, from: string | RegExp, to: string): Edit =>
  async () => {
    const text = await readFile(path.join(stack.project, file), "utf8");
    if (text.search(from) < 0) throw new Error(`${file} has no ${from}`);
    await writeFile(path.join(stack.project, file), text.replace(from, to));
  };

const addon = (all: LabSettings, name: string): object => (all["homelab:addons"] as Record<string, object>)[name] ?? {};

/** Each change with the most lines that a terminal shows of it. */
const CHANGES: Readonly<Record<string, readonly [edit: Edit, lines: number]>> = {
  nothing: [async () => undefined, 5],
  sysctl: [settings((all) => (all["homelab:sysctls"] = { "net.ipv4.tcp_keepalive_time": "300" })), 15],
  "chart-value": [
    settings((all) => Object.assign(addon(all, "cilium"), { hubble: { ui: true }, values: { MTU: 1400 } })),
    15,
  ],
  "chart-pin": [inFile("charts/cilium/Chart.yaml", "version: 1.20.2", "version: 1.20.3"), 15],
  "new-worker": [settings((all) => all["homelab:machines"].nodes.push(NEW_WORKER)), 80],
  "removed-worker": [settings((all) => all["homelab:machines"].nodes.pop()), 80],
  "admin-password": [secret("addons.argocd.adminPassword", "second-Password2"), 10],
  "sudo-password": [secret("ssh.sudoPassword", "first-Password3"), 10],
  "ssh-user": [settings((all) => Object.assign(all["homelab:ssh"] as object, { user: "admin" })), 10],
  "registry-mirror": [
    settings((all) => (all["homelab:containerd"] = { mirrors: { "docker.io": ["https://mirror.example"] } })),
    15,
  ],
  "cert-sans": [
    settings((all) => Object.assign(all["homelab:cluster"] as object, { certSANs: ["api.example.org"] })),
    15,
  ],
  "kubernetes-version": [inFile("versions.ts", 'kubernetes: "1.36.3"', 'kubernetes: "1.36.4"'), 30],
  "wrong-setting": [settings((all) => (all["homelab:sysctl"] = {})), 15],
};

/** The files that a change may edit, beside the settings. */
const EDITED = ["versions.ts", "charts/cilium/Chart.yaml"];

const random = seededRandom();

test.each(Object.keys(CHANGES))("the plan of the change %s", async (name) => {
  const [edit, most] = CHANGES[name] as (typeof CHANGES)[string];
  const before = structuredClone(stack.settings);
  const texts = EDITED.map(
    (file) => [path.join(stack.project, file), readFileSync(path.join(stack.project, file))] as const,
  );
  await edit();
  const { stdout } = await stack.cli(["preview", "--json"]);
  const lineOf = settingLines(readFileSync(stack.settingsFile, "utf8"));
  await stack.change((all) => {
    for (const key of Object.keys(all)) delete all[key];
    Object.assign(all, before);
  });
  for (const [file, text] of texts) writeFileSync(file, text);

  // The name of the test's stack is another one in each run.
  const json = stdout.replaceAll(stack.name, "metal");
  const planned = (text: string) => {
    const preview = readPreview(text);
    if (!preview) throw new Error(`no preview: ${text}`);
    const placeOf = (setting: readonly string[]) => {
      const line = lineOf(setting);
      return line === undefined ? undefined : `Pulumi.metal.yaml:${line}`;
    };
    return planOf(preview, { stack: "metal", placeOf });
  };
  const plan = planned(json);
  expect(forTerminal(plan).length).toBeLessThanOrEqual(most);
  for (const secretText of ["first-Password1", "second-Password2", "first-Password3"])
    expect(JSON.stringify(plan)).not.toContain(secretText);
  for (let time = 0; time < 20; time++) expect(planned(shuffled(json, random))).toEqual(plan);
  // What a cluster's port is differs from run to run, and no plan of these shows it.
  golden(`${name}.txt`, `${forTerminal(plan).join("\n")}\n`);
  golden(`${name}.md`, forPullRequest(plan));
  golden(`${name}.json`, `${JSON.stringify(plan, undefined, 2)}\n`);
});

function golden(file: string, text: string): void {
  const at = path.join(GOLDEN, file);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(at, text);
  }
  expect(text).toBe(readFileSync(at, "utf8"));
}

function shuffled(json: string, random: () => number): string {
  const preview = JSON.parse(json) as { steps?: unknown[]; diagnostics?: unknown[] };
  const mixed = (list: unknown[] = []) =>
    list
      .map((item) => [random(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  return JSON.stringify({ ...preview, steps: mixed(preview.steps), diagnostics: mixed(preview.diagnostics) });
}
