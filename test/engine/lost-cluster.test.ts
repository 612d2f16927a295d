import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureBinaries } from "../../lab/build/binaries";
import { explain } from "../../cli/command-line";
import { forgetLostCluster } from "../../cli/lost-cluster";
import { CLUSTER_GONE } from "../../providers/host/shell/library";
import { ApiServer } from "../harness/api/api-server";
import { LabStack } from "../harness/stacks/lab-stack";
import { nameOf } from "../harness/stacks/stack-cli";
import { type Answer, answerScript, startServer, type TestServer } from "../unit/ssh/in-process-server";
import type { Wanted } from "./lost-cluster-program";

/** What `make down` does about a cluster on hosts that exist already, when the cluster's API is gone. */

jest.setTimeout(5 * 60_000);

const TIMES = { limit: 2, connect: 1, pause: 0.5 };

let folder: string;
let api: ApiServer;
let host: TestServer;
let stack: LabStack;
let said = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "homelab-gone-"));
  [api, host] = [await ApiServer.start(), await startServer({ answer: noCluster })];
  const wanted: Wanted = {
    host: { ...host.target, name: "cp1", connectTimeoutSeconds: 2 },
    kubeconfig: api.kubeconfig,
    chart: await chart(),
  };
  process.env.TEST_LOST_CLUSTER = path.join(folder, "wanted.json");
  await writeFile(process.env.TEST_LOST_CLUSTER, JSON.stringify(wanted), { mode: 0o600 });
  const program = "test/engine/lost-cluster-program.ts";
  stack = await LabStack.create({ name: "gon", roles: ["control-plane"], mirror: false, program });
  // As `make down` sets it up.
  process.env.PATH = `${await ensureBinaries("engine")}:${process.env.PATH}`;
  process.env.PULUMI_HOME = path.join(stack.folder, "pulumi-home");
  process.env.PULUMI_BACKEND_URL = `file://${stack.folder}`;
  process.env.PULUMI_CONFIG_PASSPHRASE = stack.passphrase;
  jest.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true));
});

afterAll(async () => {
  jest.restoreAllMocks();
  await host?.close();
  await api?.end();
  await stack?.remove();
  if (folder) await rm(folder, { recursive: true });
});

/** What the guard's script answers where the API is silent. */
const noCluster: Answer = (channel) => {
  let script = "";
  channel.on("data", (data: Buffer) => (script += data.toString()));
  channel.on("end", () => answerScript(channel, script, { exitCode: CLUSTER_GONE }));
};

async function chart(): Promise<string> {
  const at = path.join(folder, "addon");
  await mkdir(path.join(at, "templates"), { recursive: true });
  await writeFile(path.join(at, "Chart.yaml"), "apiVersion: v2\nname: addon\nversion: 1.0.0\n");
  const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: addon }\n";
  await writeFile(path.join(at, "templates/config.yaml"), manifest);
  return at;
}

async function recorded(): Promise<string[]> {
  const names = (await stack.resources()).map(nameOf);
  return names.filter((name) => !name.startsWith("homelab-") && name !== "default").sort();
}

const EVERYTHING = [
  ...["addon-guard", "addon-namespace", "addon-release", "cluster-control-plane-init", "cp1", "kubernetes", "network"],
];

test("a cluster whose API answers is left to it", async () => {
  await stack.up();
  await forgetLostCluster(stack.name, { consented: true, times: TIMES });
  expect(await recorded()).toEqual(EVERYTHING);
});

test("where the API is silent and the host is there, nothing is forgotten unless the person says so", async () => {
  await api.end();
  const failure = await forgetLostCluster(stack.name, { consented: false, times: TIMES }).then(
    () => "",
    (error) => explain(error),
  );
  expect(failure).toMatch(
    /API server at 127\.0\.0\.1:\d+ doesn't answer, and its host cp1 is there; nothing was removed/,
  );
  expect(failure).toContain(`make down STACK=${stack.name} GONE=1`);
  expect(await recorded()).toEqual(EVERYTHING);
});

test("Pulumi alone doesn't drop the release of a cluster that it can't ask, whatever it is told", async () => {
  const destroyed = await stack
    .in({ PULUMI_K8S_DELETE_UNREACHABLE: "true" })
    .pulumi("destroy", "--yes", "--skip-preview");
  expect(destroyed.exitCode).not.toBe(0);
  expect(await recorded()).toContain("addon-release");
});

test("Pulumi's own commands, as the page on hosts has them, forget what was in the cluster", async () => {
  const before = path.join(folder, "before.json");
  await stack.pulumi("stack", "export", "--file", before);
  const provider = (await stack.resources()).find(({ type }) => type === "pulumi:providers:kubernetes");
  const forgotten = await stack.pulumi("state", "delete", "--target-dependents", "--yes", provider?.urn ?? "");
  expect(forgotten).toMatchObject({ exitCode: 0 });
  expect(await recorded()).toEqual(["cluster-control-plane-init", "cp1"]);
  await stack.pulumi("stack", "import", "--file", before);
  expect(await recorded()).toContain("addon-release");
});

test("destroy-host-gone / API gone: with the machines gone, what was in the cluster is forgotten, and destroy ends", async () => {
  await host.close();
  await forgetLostCluster(stack.name, { consented: false, times: TIMES });
  expect(said).toMatch(/gone with it, and not deleted \(addon-namespace, addon-release\)/);
  expect(await recorded()).toEqual(["cluster-control-plane-init", "cp1", "kubernetes"]);
  await stack.destroy();
  expect(await recorded()).toEqual([]);
});
