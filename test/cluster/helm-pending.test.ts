import { writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { dump } from "js-yaml";
import { createTarGzip } from "nanotar";
import { ApiRefusal } from "../../components/cluster/kubernetes-api";
import { readDescription } from "../../components/addons/helm-records";
import { OWNER } from "../../components/addons/helm-releases";
import { ApiServer } from "../harness/api/api-server";
import { killOnce } from "../harness/stacks/crash";
import { eventually } from "../harness/eventually";
import { LabStack } from "../harness/stacks/lab-stack";
import { nameOf } from "../harness/stacks/stack-cli";
import type { Wanted } from "./helm-pending-program";

// A real API server without nodes: a pod is Ready when the test says so, and a release waits for its pods.
const PODS = "/api/v1/namespaces/default/pods";
const SETTINGS = "/api/v1/namespaces/default/configmaps/app-settings";
const SECRETS = "/api/v1/namespaces/default/secrets";
const MINUTE = 60_000;
jest.setTimeout(5 * MINUTE);

let api: ApiServer;
let stack: LabStack;
let wanted: Wanted;

beforeAll(async () => {
  api = await ApiServer.start();
  process.env.TEST_RELEASE = path.join(api.folder, "release.json");
  const chart = path.join(api.folder, "app-1.0.0.tgz");
  await writeFile(chart, await chartArchive());
  wanted = { kubeconfig: api.kubeconfig, chart, values: { pods: ["first"], greeting: "hello" } };
  await want({});
  stack = await LabStack.create({
    name: "helm",
    roles: [],
    program: "test/cluster/helm-pending-program.ts",
    mirror: false,
  });
}, 10 * MINUTE);

afterAll(async () => {
  await stack?.remove();
  await api?.end();
});

test("helm-pending: a run killed while a chart is installed is repaired by the next, which takes over what is there", async () => {
  expect(await killOnce(stack, () => exists("first"), { plugins: true })).toBe(true);
  expect(await latest()).toEqual({ revision: 1, status: "pending-install" });
  const { uid } = await settings();
  await stack.cancel();

  await ready("first");
  const { output } = await stack.up();

  expect(output).toContain(
    "Helm release default/app was left pending-install by a run that was killed: it is done again",
  );
  expect(await latest()).toEqual({ revision: 1, status: "deployed" });
  expect((await settings()).uid).toBe(uid);
});

test("a release that stays as it is needs no cluster: neither in a preview nor in an up", async () => {
  const { kubeconfig } = wanted;
  await want({ kubeconfig: kubeconfig.replace(/https:[^\n]*/, "https://127.0.0.1:9") });
  expect(await stack.plan()).toEqual([
    expect.objectContaining({ urn: expect.stringContaining("pulumi:providers") as string }),
  ]);
  await want({ kubeconfig });
  expect(await stack.plan()).toEqual([]);
});

test("helm-pending: a run killed while a chart is upgraded is repaired by the next; what was deployed stays", async () => {
  const { uid } = await settings();
  await want({ values: { pods: ["first", "second"], greeting: "goodbye" } });
  expect(await killOnce(stack, () => exists("second"), { plugins: true })).toBe(true);
  expect(await latest()).toEqual({ revision: 2, status: "pending-upgrade" });
  await stack.cancel();

  await ready("second");
  const { output } = await stack.up();

  expect(output).toContain("left pending-upgrade by a run that was killed");
  expect(await latest()).toEqual({ revision: 2, status: "deployed" });
  expect(await settings()).toEqual({ uid, greeting: "goodbye" });
});

test("helm-pending: a release that was finished without the killed engine is taken over", async () => {
  const { uid } = await settings();
  await stack.pulumi("state", "delete", "--yes", "--force", await releaseUrn());
  const { output } = await stack.up();
  expect(output).toContain("was left deployed by a run that was killed");
  expect((await settings()).uid).toBe(uid);
});

test("a release of the same name that was not deployed by this program is left alone", async () => {
  await stack.pulumi("state", "delete", "--yes", "--force", await releaseUrn());
  const record = (await records())[0] as Secret;
  const foreign = describedAs(record.data.release, "Install complete");
  await api.request("PATCH", `${SECRETS}/${record.metadata.name}`, { data: { release: foreign } });

  const { exitCode, output } = await stack.tryUp();

  expect(exitCode).not.toBe(0);
  expect(output).toContain("cannot re-use a name that is still in use");
  expect(await latest()).toEqual({ revision: 1, status: "deployed" });
  await api.request("PATCH", `${SECRETS}/${record.metadata.name}`, { data: { release: record.data.release } });
  await stack.up();
});

interface Secret {
  metadata: { name: string; labels: { version: string; status: string } };
  data: { release: string };
}

async function want(change: Partial<Wanted>): Promise<void> {
  wanted = { ...wanted, ...change };
  await writeFile(process.env.TEST_RELEASE as string, JSON.stringify(wanted));
}

async function records(): Promise<Secret[]> {
  const { items } = await api.request<{ items: Secret[] }>("GET", `${SECRETS}?labelSelector=owner%3Dhelm`);
  return items.sort((a, b) => Number(b.metadata.labels.version) - Number(a.metadata.labels.version));
}

async function latest(): Promise<{ revision: number; status: string } | undefined> {
  const [record] = await records();
  return record && { revision: Number(record.metadata.labels.version), status: record.metadata.labels.status };
}

/** The same record with another description of the release. */
function describedAs(data: string, description: string): string {
  expect(readDescription(data)).toBe(OWNER);
  const packed = Buffer.from(Buffer.from(data, "base64").toString("ascii"), "base64");
  const release = JSON.parse(gunzipSync(packed).toString("utf8")) as { info: object };
  const changed = JSON.stringify({ ...release, info: { ...release.info, description } });
  return Buffer.from(gzipSync(changed).toString("base64")).toString("base64");
}

async function settings(): Promise<{ uid: string; greeting: string }> {
  const { metadata, data } = await api.request<{ metadata: { uid: string }; data: { greeting: string } }>(
    "GET",
    SETTINGS,
  );
  return { uid: metadata.uid, greeting: data.greeting };
}

async function exists(pod: string): Promise<boolean> {
  return api.request("GET", `${PODS}/${pod}`).then(
    () => true,
    (error: Error) => {
      if (error instanceof ApiRefusal && error.status === 404) return false;
      throw error;
    },
  );
}

/** Plays the kubelet. */
async function ready(pod: string): Promise<void> {
  const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  expect(await eventually(() => exists(pod), 30, 100)).toBe(true);
  await api.request("PATCH", `${PODS}/${pod}/status`, { status });
}

async function releaseUrn(): Promise<string> {
  return (await stack.resources()).find((resource) => nameOf(resource) === "app-release")?.urn ?? "";
}

/** A chart with a ConfigMap, and with pods that it waits for. */
async function chartArchive(): Promise<Uint8Array> {
  const settingsTemplate = `apiVersion: v1
kind: ConfigMap
metadata: {name: app-settings}
data: {greeting: "{{ .Values.greeting }}"}
`;
  const podsTemplate = `{{ range .Values.pods }}---
apiVersion: v1
kind: Pod
metadata: {name: {{ . }}}
spec: {containers: [{name: main, image: none}]}
{{ end }}`;
  return createTarGzip([
    { name: "app/Chart.yaml", data: dump({ apiVersion: "v2", name: "app", version: "1.0.0" }) },
    { name: "app/values.yaml", data: dump({ pods: [], greeting: "" }) },
    { name: "app/templates/settings.yaml", data: settingsTemplate },
    { name: "app/templates/pods.yaml", data: podsTemplate },
  ]);
}
