import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { accessTo, type ClusterAccess, NoCluster } from "../../../checks/access";
import type { Check } from "../../../checks/check";
import { CheckFailure, failed, ok, skipped, warning } from "../../../checks/finding";
import { KubernetesApi } from "../../../components/cluster/kubernetes-api";
import { OwnNamespace } from "../../../checks/own-namespace";
import { allWell, reportJson, reportLines } from "../../../checks/report";
import { CHECKS, runChecks, runOne } from "../../../checks/run-checks";

const kubeconfig = (server: string) =>
  JSON.stringify({
    clusters: [{ cluster: { server, "certificate-authority-data": "" } }],
    users: [{ user: { "client-certificate-data": "", "client-key-data": "" } }],
  });

function access(server: string): ClusterAccess {
  return {
    api: new KubernetesApi(kubeconfig(server)),
    expected: { nodes: [], addons: ["cilium"], dnsDomain: "cluster.local" },
    hosts: [],
    pulumi: async () => ({ exitCode: 1, stdout: "", stderr: "not to be run" }),
  };
}

const context = (signal = new AbortController().signal) => {
  const unreachable = access("https://127.0.0.1:9");
  return { access: unreachable, namespace: new OwnNamespace(unreachable.api), image: "busybox", signal };
};
const check = (run: Check["run"], limitSeconds = 5): Check => ({ subjects: ["first", "second"], limitSeconds, run });

test("a cluster whose API server can't be reached is one failure, and nothing else is checked", async () => {
  const findings = await runChecks(access("https://127.0.0.1:9"));
  expect(findings[0]).toMatchObject({
    subject: "API server",
    status: "failed",
    text: expect.stringMatching(/^127\.0\.0\.1:9: /) as string,
  });
  expect(findings.slice(1).map(({ subject }) => subject)).toEqual(CHECKS.flatMap(({ subjects }) => subjects));
  for (const finding of findings.slice(1))
    expect(finding).toMatchObject({ status: "skipped", text: "the API server can't be reached" });
});

test("an address at which something else answers is no API server", async () => {
  const server = http.createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const findings = await runChecks(access(`https://127.0.0.1:${port}`), { checks: [] });
  expect(findings.map(({ status }) => status)).toEqual(["failed"]);
  await new Promise((resolve) => server.close(resolve));
});

test("a check that can't go on fails by its first name, with its action, and skips the others", async () => {
  const found = await runOne(
    check(() => Promise.reject(new CheckFailure("nothing starts", "start it"))),
    context(),
  );
  expect(found).toEqual([
    failed("first", "nothing starts", "start it"),
    skipped("second", "not checked, because of first"),
  ]);
});

test("a check that hangs is ended at its time limit", async () => {
  const [first] = await runOne(
    check(() => new Promise(() => undefined), 0.05),
    context(),
  );
  expect(first).toMatchObject({ status: "failed", text: "no result within 0.05 s" });
});

test("a namespace that was removed is not made again by a check that is still at work", async () => {
  const { namespace } = context();
  await namespace.remove();
  await expect(namespace.path("pods")).rejects.toThrow("was removed");
});

describe("what the state says of a cluster", () => {
  type Resource = Parameters<typeof accessTo>[0]["resources"][number];
  const state = (outputs: Record<string, unknown>, others: Resource[] = []) => [
    { type: "pulumi:pulumi:Stack", outputs },
    ...others,
  ];
  const secret = (value: unknown) => ({ plaintext: JSON.stringify(value) });
  const read = (resources: Resource[], settings = {}) =>
    accessTo({ name: "lab", resources, settings }, async () => ({ exitCode: 1, stdout: "", stderr: "not to be run" }));

  test("is its kubeconfig, its nodes, its add-ons and how its hosts are reached", () => {
    const outputs = {
      kubeconfig: secret(kubeconfig("https://127.0.0.1:6443")),
      nodes: [{ name: "cp1", role: "control-plane" }],
      versions: { cilium: "1", argocd: "2" },
    };
    const target = { name: "cp1", host: "127.0.0.1" };
    const inspection = { type: "pulumi-nodejs:dynamic/host:Inspection", outputs: { target: secret(target) } };
    const config = { gitops: { repoURL: "https://git" }, cluster: { dnsDomain: "home.arpa" } };
    const found = read(state(outputs, [inspection]), config);
    expect(found.api.host).toBe("127.0.0.1:6443");
    expect(found.hosts).toEqual([target]);
    expect(found.expected).toEqual({
      nodes: outputs.nodes,
      addons: ["cilium", "argocd"],
      gitops: "https://git",
      dnsDomain: "home.arpa",
    });
  });

  test("is nothing where it was never brought up", () => {
    expect(() => read(state({}))).toThrow(NoCluster);
    expect(() => read([])).toThrow("stack lab has no cluster yet");
  });
});

describe("the report", () => {
  const findings = [
    ok("nodes", "all 2 are Ready"),
    warning("certificates", "8 days left", "renew them"),
    failed("DNS", "no\nanswer", "see CoreDNS"),
    skipped("storage", "there is none"),
  ];

  test("is a table, then what to do, then the counts", () => {
    expect(reportLines(findings)).toEqual([
      "✓ nodes         all 2 are Ready",
      "! certificates  8 days left",
      "✗ DNS           no answer",
      "– storage       there is none",
      "",
      "What to do:",
      "! certificates",
      "  renew them",
      "✗ DNS",
      "  see CoreDNS",
      "",
      "1 ok, 1 to see to, 1 failed, 1 not checked",
    ]);
  });

  test("of a cluster that is well ends with the counts alone, and only a failure makes it unwell", () => {
    expect(reportLines(findings.slice(0, 1))).toEqual([
      "✓ nodes  all 2 are Ready",
      "",
      "1 ok, 0 failed, 0 not checked",
    ]);
    expect([allWell(findings), allWell(findings.filter(({ status }) => status !== "failed"))]).toEqual([false, true]);
  });

  test("as JSON has everything", () => {
    expect(JSON.parse(reportJson("lab", findings, 12.4))).toEqual({ stack: "lab", ok: false, seconds: 12, findings });
  });
});
