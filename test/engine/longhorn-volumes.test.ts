import { libraryText } from "../../providers/host/shell/library";
import { ApiServer } from "../harness/api/api-server";
import { serveKind } from "../harness/api/custom-kind";

/** Which volumes a node has, as a real API server lists their copies. */

jest.setTimeout(3 * 60_000);

const SINCE = "2026-01-02T03:04:05Z";
const COPIES = { group: "longhorn.io", version: "v1beta2", kind: "Replica", scope: "Namespaced" } as const;

let api: ApiServer;
beforeAll(async () => {
  api = await ApiServer.start();
});
afterAll(async () => {
  await api?.end();
});

async function ask(question: string): Promise<string> {
  const { exitCode, stdout, stderr } = await api.run(["set -euo pipefail", libraryText(), question].join("\n"));
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout;
}

const copies: [name: string, spec: object][] = [
  ["a1", { volumeName: "a", nodeID: "w1", healthyAt: SINCE, failedAt: "" }],
  ["a2", { volumeName: "a", nodeID: "w2", healthyAt: SINCE, failedAt: SINCE }],
  ["b1", { volumeName: "b", nodeID: "w1", healthyAt: SINCE, failedAt: "" }],
  ["b2", { volumeName: "b", nodeID: "w2", healthyAt: SINCE, failedAt: "" }],
  ["c1", { volumeName: "c", nodeID: "w1", healthyAt: "", failedAt: "" }],
  ["d1", { volumeName: "d", healthyAt: "" }],
];

test("a cluster without Longhorn has no volumes", async () => {
  expect(await ask(`echo "$(volumes_on w1)$(volumes_only_on w1)"`)).toBe("");
});

test("copies are told by node, and the only good ones by volume", async () => {
  await serveKind(api, COPIES);
  await api.request("POST", "/api/v1/namespaces", { metadata: { name: "longhorn-system" } });
  const all = "/apis/longhorn.io/v1beta2/namespaces/longhorn-system/replicas";
  for (const [name, spec] of copies) {
    await api.request("POST", all, { apiVersion: "longhorn.io/v1beta2", kind: "Replica", metadata: { name }, spec });
  }
  expect(await ask("volumes_on w1")).toBe("a, b, c");
  expect(await ask("volumes_only_on w1")).toBe("a");
  expect(await ask("volumes_on w2")).toBe("a, b");
  expect(await ask("volumes_only_on w2")).toBe("");
  expect(await ask("volumes_only_on w3")).toBe("");
});
