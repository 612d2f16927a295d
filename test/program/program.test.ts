import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";
import program from "../../index";
import { type ChartRepository, serveChart } from "../harness/chart-repository";

/** A resource as the program registered it. */
interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const CHECKOUT = path.resolve(__dirname, "..", "..");
/** Key of an object that marks a secret (pulumi/runtime/rpc: specialSigKey). */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";
const startedIn = process.cwd();
let folder: string;
let charts: ChartRepository;
const registered: Registered[] = [];

beforeAll(async () => {
  // The program reads its charts from the working directory; what it records there must not reach the checkout.
  folder = await mkdtemp(path.join(os.tmpdir(), "homelab-program-"));
  await cp(path.join(CHECKOUT, "charts"), path.join(folder, "charts"), { recursive: true });
  await rm(path.join(folder, "charts", "charts.lock.yaml"), { force: true });
  process.chdir(folder);
  charts = await serveChart("cilium", "1.20.2", "a chart");
  await runProgram();
});

afterAll(async () => {
  process.chdir(startedIn);
  await charts.close();
  await rm(folder, { recursive: true });
});

/** Runs index.ts with the settings of the lab stack; every resource gets made-up outputs. */
async function runProgram(): Promise<void> {
  const { config } = load(await readFile(path.join(CHECKOUT, "Pulumi.lab.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const mirrors = config["homelab:mirrors"] as { charts: { url: string } };
  mirrors.charts.url = charts.url;
  const text = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(text) as Record<string, string>);
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const made = inputs as Record<string, unknown>;
        registered.push({ type, name, inputs: withoutSecretMarks(made) as Record<string, unknown> });
        return { id: `${name}-id`, state: { ...made, ...madeUpOutputs(type) } };
      },
      call: () => ({}),
    },
    "homelab",
    "lab",
    false,
  );
  await pulumi.runtime.runInPulumiStack(program);
  // Not in the SDK's types, and needed: what depends on a component is registered after the program's last line.
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
}

/** The engine sees a secret as a marked object around the value. */
function withoutSecretMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretMarks);
  if (value === null || typeof value !== "object") return value;
  if (SECRET_MARK in value) return withoutSecretMarks((value as unknown as { value: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecretMarks(inner)]));
}

function madeUpOutputs(type: string): Record<string, unknown> {
  switch (type) {
    case "pulumi-nodejs:dynamic/ssh:Key":
      return { publicKey: "ssh-ed25519 AAAA comment", privateKey: "PRIVATE-KEY-CANARY" };
    case "pulumi-nodejs:dynamic/nspawn:Machine":
      return { incarnation: "incarnation" };
    case "pulumi-nodejs:dynamic/host:Inspection":
      return { drifts: {}, facts: {} };
    case "command:remote:Command":
      return { stdout: "clusters: []\n", stderr: "" };
    default:
      return {};
  }
}

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
        ["kernel-modules", "sysctls", "swap", "base-packages", "containerd", "kubernetes-packages"].map(
          (step) => `${host}-${step}`,
        ),
      ),
      "cluster-control-plane-init",
      "cluster-control-plane-kubeconfig",
      "cluster-node-metadata",
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
      create: "sudo -n bash -s",
      logging: "none",
      addPreviousOutputInEnv: false,
    });
    expect(inputs["stdin"]).toMatch(/main <\/dev\/null\n$/);
  }
});

test("no script holds a secret", () => {
  const scripts = commands().map(({ inputs }) => `${String(inputs["stdin"])}${String(inputs["update"])}`);
  expect(scripts.join("\n")).not.toContain("PRIVATE-KEY-CANARY");
  // The key is there, where it belongs: the test would see it in a script.
  expect(JSON.stringify(commands())).toContain("PRIVATE-KEY-CANARY");
});

test("the chart that the release gets is the fetched one, by a path that carries version and digest", () => {
  const [release] = ofType("kubernetes:helm.sh/v3:Release");
  expect(release?.inputs["chart"]).toBe(`./.homelab/charts/cilium-1.20.2-${charts.digest.slice(0, 12)}.tgz`);
});

test("the provider has an identifier of the cluster, so that a kubeconfig that is read again replaces nothing", () => {
  const [provider] = ofType("pulumi:providers:kubernetes");
  expect(provider?.inputs["clusterIdentifier"]).toBe("incarnation");
});
