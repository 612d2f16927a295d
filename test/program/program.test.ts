import { readFileSync } from "node:fs";
import path from "node:path";
import { KERNEL_DEFAULTS } from "../../settings/kernel-defaults";
import { STEPS } from "../../components/node/steps";
import { ProgramFolder, type Registered, runProgram, settingsOf } from "./run-program";

jest.setTimeout(60_000);

let folder: ProgramFolder;
let registered: Registered[];

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  const config = await settingsOf("lab");
  (config["homelab:mirrors"] as { charts: { url: string } }).charts.url = folder.charts.url;
  registered = await runProgram("lab", config);
});

afterAll(async () => folder.leave());

const ofType = (type: string) => registered.filter((resource) => resource.type === type);
const commands = () => ofType("command:remote:Command");

test("the lab stack has two machines, each with an inspection and its steps, and a cluster on them", () => {
  expect(ofType("pulumi-nodejs:dynamic/nspawn:Machine").map(({ name }) => name)).toEqual(["cp1", "worker1"]);
  expect(
    commands()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(
    [
      ...["cp1", "worker1"].flatMap((host) =>
        STEPS.filter(({ isWanted }) => !isWanted).map(({ name }) => `${host}-${name}`),
      ),
      "cluster-control-plane-init",
      "cluster-control-plane-kubeconfig",
      "cluster-node-metadata",
      "cilium-checks",
      "cluster-ready",
    ].sort(),
  );
  expect(ofType("pulumi-nodejs:dynamic/kubeadm:Join").map(({ name }) => name)).toEqual(["worker1-join"]);
  expect(ofType("kubernetes:helm.sh/v3:Release").map(({ inputs }) => inputs["name"])).toEqual(["cilium"]);
});

test("every command pins its host's key, logs nothing and keeps the script on standard input", () => {
  expect(commands().length).toBeGreaterThan(0);
  for (const { inputs } of commands()) {
    expect(inputs).toMatchObject({
      connection: { hostKey: "ssh-ed25519 AAAA" },
      create: "bash -s",
      logging: "none",
      addPreviousOutputInEnv: false,
    });
    expect(inputs["stdin"]).toMatch(/main <\/dev\/null\n$/);
  }
});

test("no command holds a secret", () => {
  expect(JSON.stringify(commands())).not.toContain("PRIVATE-KEY-CANARY");
  // The key is there, where it belongs: the test would see it in a command.
  expect(JSON.stringify(ofType("pulumi-nodejs:dynamic/host:Inspection"))).toContain("PRIVATE-KEY-CANARY");
});

test("the chart that the release gets is the fetched one, by a path that carries version and digest", () => {
  const [release] = ofType("kubernetes:helm.sh/v3:Release");
  expect(release?.inputs["chart"]).toBe(`./.homelab/charts/cilium-1.20.2-${folder.charts.digest.slice(0, 12)}.tgz`);
});

test("the provider has an identifier of the cluster, so that a kubeconfig that is read again replaces nothing", () => {
  const [provider] = ofType("pulumi:providers:kubernetes");
  expect(provider?.inputs["clusterIdentifier"]).toBe("made-up");
});

test("what is Pulumi's is Pulumi's: a field that was changed by hand is taken back, and is no conflict", () => {
  const [provider] = ofType("pulumi:providers:kubernetes");
  expect(provider?.inputs["enablePatchForce"]).toBe("true");
});

test("Secrets are changed in place, so that they keep what others put into them", () => {
  const [provider] = ofType("pulumi:providers:kubernetes");
  expect(provider?.inputs["enableSecretMutable"]).toBe("true");
});

test("docs/architecture.md names every resource of the lab", () => {
  const page = readFileSync(path.resolve(__dirname, "../../docs/architecture.md"), "utf8");
  const named = [...page.matchAll(/`([\w-]+)`/g)].map(([, name]) => name);
  const resources = registered.filter(({ type }) => !type.startsWith("homelab:") && type !== "pulumi:pulumi:Stack");
  const names = new Set(resources.map(({ name }) => name.replace(/^(cp1|worker1)\b/, "NAME")));
  const isNamed = (name: string) => named.includes(name) || (/^NAME-/.test(name) && page.includes(name.slice(5)));
  expect([...names].filter((name) => !isNamed(name))).toEqual([]);
});

test("where a kubelet only checks the kernel, its host gets the sysctls that it wants, and no other host does", async () => {
  const config = await settingsOf("lab");
  (config["homelab:mirrors"] as { charts: { url: string } }).charts.url = folder.charts.url;
  const { nodes } = config["homelab:machines"] as { nodes: object[] };
  for (const node of nodes) Object.assign(node, { capabilities: { sharedKernel: false } });
  Object.assign(nodes[1] ?? {}, { kubelet: { protectKernelDefaults: true } });
  const other = await runProgram("lab", config);
  const sysctlsOf = (host: string) => String(other.find(({ name }) => name === `${host}-sysctls`)?.inputs["stdin"]);
  for (const [name, value] of Object.entries(KERNEL_DEFAULTS)) {
    expect(sysctlsOf("worker1")).toContain(`set_sysctl ${name} ${value} `);
    expect(sysctlsOf("cp1")).not.toContain(`set_sysctl ${name} `);
  }
});
