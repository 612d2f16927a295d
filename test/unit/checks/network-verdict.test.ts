import type { Finding } from "../../../checks/finding";
import type { Result } from "../../../checks/network-script";
import { findingsOf, type Seen } from "../../../checks/network-verdict";

const good = (nodes: string[]): Result[] => [
  ...nodes.flatMap((target) => [
    { way: "pod", target },
    { way: "node-port", target },
    { way: "policy", target },
  ]),
  { way: "service", target: "address" },
  { way: "service", target: "name" },
  { way: "dns", target: "server" },
  { way: "dns-outside", target: "example.com" },
];

function seen(nodes: string[], change: Partial<Seen> = {}): Seen {
  return {
    nodes,
    notStarted: [],
    clients: nodes.map((node) => ({ node, results: good(nodes) })),
    invited: good(nodes),
    cilium: true,
    image: "busybox",
    ...change,
  };
}

/** Results of which those of one way failed. */
const without = (way: string, said: string, nodes = ["cp1", "w1"]) =>
  good(nodes).map((result) => (result.way === way ? { ...result, failed: said } : result));

const statuses = (findings: Finding[]) => Object.fromEntries(findings.map(({ subject, status }) => [subject, status]));
const ALL_OK = Object.fromEntries(
  ["pods start", "pod to pod", "service", "node port", "DNS", "DNS outside", "NetworkPolicy"].map((name) => [
    name,
    "ok",
  ]),
);

test("a network in which everything answers is in order", () => {
  expect(statuses(findingsOf(seen(["cp1", "w1"])))).toEqual(ALL_OK);
});

test("with one node there is no way between nodes; the rest is checked", () => {
  const findings = findingsOf(seen(["cp1"]));
  expect(statuses(findings)).toEqual({ ...ALL_OK, "pod to pod": "skipped" });
  expect(findings[1]?.text).toBe("there is only one node, cp1");
});

test.each([
  ["pod", "pod to pod"],
  ["service", "service"],
  ["node-port", "node port"],
  ["dns", "DNS"],
  ["dns-outside", "DNS outside"],
  ["policy", "NetworkPolicy"],
])("where the way %s fails on one node, only %s fails, and says where", (way, name) => {
  const clients = [
    { node: "cp1", results: good(["cp1", "w1"]) },
    { node: "w1", results: without(way, "refused") },
  ];
  const findings = findingsOf(seen(["cp1", "w1"], { clients }));
  expect(statuses(findings)).toEqual({ ...ALL_OK, [name]: "failed" });
  const failed = findings.find(({ status }) => status === "failed");
  expect(failed?.text).toMatch(/w1 → .*refused/);
  expect(failed?.action).toBeTruthy();
});

test("names of the internet that the nodes can't resolve either are not asked of the cluster", () => {
  const blind = without("dns-outside", "timed out");
  const clients = ["cp1", "w1"].map((node) => ({ node, results: blind }));
  expect(statuses(findingsOf(seen(["cp1", "w1"], { clients, invited: blind })))).toEqual({
    ...ALL_OK,
    "DNS outside": "skipped",
  });
});

test("a policy that is not enforced is a failure of Cilium, and only a remark on a network that the program didn't install", () => {
  const clients = ["cp1", "w1"].map((node) => ({ node, results: without("policy", "answered") }));
  expect(statuses(findingsOf(seen(["cp1", "w1"], { clients }))).NetworkPolicy).toBe("failed");
  expect(statuses(findingsOf(seen(["cp1", "w1"], { clients, cilium: false }))).NetworkPolicy).toBe("skipped");
});

test("a policy that keeps out whom it should let in is a failure", () => {
  expect(statuses(findingsOf(seen(["cp1", "w1"], { invited: without("policy", "timed out") }))).NetworkPolicy).toBe(
    "failed",
  );
});

test("a node on which no pod starts is named with the reason, and a client without results is no success", () => {
  const clients = [
    { node: "cp1", results: good(["cp1"]) },
    { node: "w2", results: [] },
  ];
  const notStarted = [{ node: "w1", why: "ErrImagePull: no such image" }];
  const findings = findingsOf(seen(["cp1", "w1", "w2"], { clients, notStarted }));
  expect(findings[0]).toMatchObject({ status: "failed", text: "w1: ErrImagePull: no such image" });
  expect(findings[0]?.action).toContain("CHECK_IMAGE");
  expect(statuses(findings)["pod to pod"]).toBe("failed");
});
