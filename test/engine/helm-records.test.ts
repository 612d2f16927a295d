import { gzipSync } from "node:zlib";
import { KubernetesApi } from "../../components/cluster/kubernetes-api";
import { descriptionOf, forget, helmRecords } from "../../components/addons/helm-records";
import { ApiServer } from "../harness/api/api-server";

/** What Helm keeps of its releases, read from a real API server. */

jest.setTimeout(3 * 60_000);

const RELEASE = { namespace: "default", name: "web" };
const SECRETS = "/api/v1/namespaces/default/secrets";

let server: ApiServer;
let api: KubernetesApi;

beforeAll(async () => {
  server = await ApiServer.start();
  api = new KubernetesApi(server.kubeconfig);
});

afterAll(async () => {
  api?.close();
  await server?.end();
});

async function keep(revision: number, status: string, name = RELEASE.name): Promise<void> {
  const release = gzipSync(JSON.stringify({ info: { description: `revision ${revision}` } })).toString("base64");
  await server.request("POST", SECRETS, {
    metadata: {
      name: `sh.helm.release.v1.${name}.v${revision}`,
      labels: { owner: "helm", name, status, version: String(revision) },
    },
    type: "helm.sh/release.v1",
    data: { release: Buffer.from(release).toString("base64") },
  });
}

test("a release that was never installed has no records, nor has a namespace that is not there", async () => {
  expect(await helmRecords(api, RELEASE)).toEqual([]);
  expect(await helmRecords(api, { ...RELEASE, namespace: "nosuch" })).toEqual([]);
});

test("helm-pending: the records of a release are found by their numbers, described and forgotten, and no other's are", async () => {
  for (const [revision, status] of [
    [9, "deployed"],
    [10, "pending-upgrade"],
  ] as const)
    await keep(revision, status);
  await keep(1, "deployed", "other");
  const [latest, before, ...others] = await helmRecords(api, RELEASE);
  expect([latest, before, others]).toMatchObject([
    { revision: 10, status: "pending-upgrade" },
    { revision: 9, status: "deployed" },
    [],
  ]);
  if (!latest) throw new Error("there is no record");
  expect(await descriptionOf(api, RELEASE, latest)).toBe("revision 10");
  await forget(api, RELEASE, latest);
  await forget(api, RELEASE, latest);
  expect(await descriptionOf(api, RELEASE, latest)).toBeUndefined();
  expect((await helmRecords(api, RELEASE)).map(({ revision }) => revision)).toEqual([9]);
  expect(await helmRecords(api, { ...RELEASE, name: "other" })).toHaveLength(1);
});
