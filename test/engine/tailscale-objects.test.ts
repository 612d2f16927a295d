import { parseTakenUp, takenUpScript } from "../../providers/tailscale/objects-guard";
import { ApiServer } from "../harness/api/api-server";
import { serveKind } from "../harness/api/custom-kind";

/** Which objects keep Tailscale's operator, as a real API server lists them. */

jest.setTimeout(3 * 60_000);

const FINALIZER = "tailscale.com/finalizer";
let api: ApiServer;

beforeAll(async () => {
  api = await ApiServer.start();
});

afterAll(async () => {
  await api?.end();
});

/** What the script finds, as `kind name`. */
async function found(): Promise<string[]> {
  const { exitCode, stdout, stderr } = await api.run(takenUpScript());
  expect([exitCode, stderr]).toEqual([0, ""]);
  return parseTakenUp(stdout).map(
    ({ kind, metadata: { name, deletionTimestamp } }) => `${kind} ${name}${deletionTimestamp ? ", going" : ""}`,
  );
}

const service = (name: string, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { ports: [{ port: 80 }] },
});

const CONNECTORS = { group: "tailscale.com", version: "v1alpha1", kind: "Connector", scope: "Cluster" } as const;

test("a cluster without objects of the operator's keeps it from nothing", async () => {
  const services = "/api/v1/namespaces/default/services";
  await api.request("POST", services, service("plain"));
  await api.request("POST", services, service("others", { finalizers: ["example.com/tailscale.com"] }));
  expect(await found()).toEqual([]);
});

test("what it has taken up is found, of kinds of its own too, and not what it made itself", async () => {
  await api.request("POST", "/api/v1/namespaces/default/services", service("exposed", { finalizers: [FINALIZER] }));
  const labels = { "tailscale.com/managed": "true" };
  const made = service("made", { labels, finalizers: ["tailscale.com/dns-records-reconciler"] });
  await api.request("POST", "/api/v1/namespaces/default/services", made);
  await api.request("POST", "/apis/networking.k8s.io/v1/namespaces/default/ingresses", {
    metadata: { name: "web", finalizers: ["example.com/first", FINALIZER] },
    spec: { defaultBackend: { service: { name: "plain", port: { number: 80 } } } },
  });
  await api.request("DELETE", "/apis/networking.k8s.io/v1/namespaces/default/ingresses/web");
  expect(await found()).toEqual(["ingress web, going", "service exposed"]);

  await serveKind(api, CONNECTORS);
  await api.request("POST", "/apis/tailscale.com/v1alpha1/connectors", {
    apiVersion: "tailscale.com/v1alpha1",
    kind: "Connector",
    metadata: { name: "office", finalizers: [FINALIZER] },
  });
  expect(await found()).toEqual(["ingress web, going", "service exposed", "connector office"]);
});
