import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { dump } from "js-yaml";
import { ProgramFolder, type Registered, runProgram, settingsOf } from "./run-program";

jest.setTimeout(60_000);

const CHARTS = { cilium: "1.20.2", "tailscale-operator": "1.102.5", "argo-cd": "10.1.1" };
const OAUTH = { clientId: "k123", clientSecret: "tskey-client-c4n4ry" };
const AUTH_KEY = "tskey-auth-c4n4ry";

let folder: ProgramFolder;
let charts: http.Server;

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  const entries = Object.entries(CHARTS).map(([name, version]) => [
    name,
    [{ name, version, urls: [`${name}-${version}.tgz`] }],
  ]);
  const index = dump({ apiVersion: "v1", entries: Object.fromEntries(entries) as object });
  charts = http.createServer(({ url = "" }, response) => response.end(url === "/index.yaml" ? index : url));
  await new Promise<void>((resolve) => charts.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await new Promise((resolve) => charts.close(resolve));
  await folder.leave();
});

async function graph(tailscale: object, others: object = {}, settings: object = {}): Promise<Registered[]> {
  const config = { ...(await settingsOf("lab")), ...settings };
  (config["homelab:mirrors"] as { charts: { url: string } }).charts.url =
    `http://127.0.0.1:${(charts.address() as AddressInfo).port}`;
  config["homelab:addons"] = { tailscale, ...others };
  return runProgram("lab", config, /clientSecret|authKey/.test(JSON.stringify(tailscale)) ? ["homelab:addons"] : []);
}

const find = (all: Registered[], name: string) => all.find((resource) => resource.name === name);
const ofTailscale = (all: Registered[]) => all.map(({ name }) => name).filter((name) => /tailscale|tailnet/.test(name));

const everything = {
  enabled: true,
  oauth: OAUTH,
  ingress: { hubble: true },
  machines: { enabled: true, authKey: AUTH_KEY },
};

describe("with everything on", () => {
  let all: Registered[];
  beforeAll(async () => (all = await graph(everything, { cilium: { hubble: { ui: true } } })));

  test("the operator, a page, and a login on each machine are there", () => {
    expect(ofTailscale(all).sort()).toEqual(
      [
        ...[
          "tailscale",
          "tailscale-namespace",
          "tailscale-oauth",
          "tailscale-release",
          "tailscale-objects",
          "tailscale-devices",
        ],
        "tailscale-hubble",
        ...["cp1", "worker1"].flatMap((host) => [`${host}-tailnet`, `${host}-tailscale`, `${host}-tailscale-login`]),
      ].sort(),
    );
  });

  test("the release has the fetched chart, and waits for the cluster, its secret and the check of the client", () => {
    const digest = createHash("sha256").update("/tailscale-operator-1.102.5.tgz").digest("hex");
    expect(find(all, "tailscale-release")?.inputs).toMatchObject({
      namespace: "tailscale",
      chart: `./.homelab/charts/tailscale-operator-1.102.5-${digest.slice(0, 12)}.tgz`,
      values: { operatorConfig: { hostname: "lab-operator", image: { pullPolicy: "IfNotPresent" } } },
    });
    expect(find(all, "tailscale-release")?.dependsOn).toEqual(["tailscale-oauth"]);
    expect(find(all, "tailscale-oauth")?.dependsOn).toEqual(["tailscale-namespace"]);
    expect(find(all, "tailscale-namespace")?.dependsOn).toEqual(["cluster-ready", "tailscale-devices"]);
  });

  test("the operator goes when nothing needs it any more, and pages go before that is looked for", () => {
    expect(find(all, "tailscale-objects")).toMatchObject({ parent: "tailscale", dependsOn: ["tailscale-release"] });
    expect(find(all, "tailscale-hubble")?.dependsOn).toContain("tailscale");
  });

  test("its namespace lets the proxies be privileged", () => {
    expect(find(all, "tailscale-namespace")?.inputs).toMatchObject({
      metadata: { name: "tailscale", labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    });
  });

  test("the OAuth client is in the chart's own Secret and nowhere in its values", () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    expect(find(all, "tailscale-oauth")?.inputs).toMatchObject({
      metadata: { name: "operator-oauth", namespace: "tailscale" },
      data: { client_id: base64(OAUTH.clientId), client_secret: base64(OAUTH.clientSecret) },
    });
    expect(JSON.stringify(find(all, "tailscale-release")?.inputs)).not.toContain("c4n4ry");
  });

  test("what is deleted with disposable machines leaves no device in the tailnet: they are removed", () => {
    expect(find(all, "tailscale-release")?.parent).toBe("tailscale");
    expect(find(all, "tailscale")?.deletedWith).toBe("cp1");
    for (const name of ["tailscale-devices", "cp1-tailscale-login", "worker1-tailscale-login"]) {
      expect([name, find(all, name)?.deletedWith]).toEqual([name, ""]);
    }
    expect(find(all, "tailscale-devices")?.inputs["hostnames"]).toEqual(["lab-operator", "lab-hubble"]);
  });

  test("the page shows Hubble's service by its name in the tailnet", () => {
    expect(find(all, "tailscale-hubble")?.inputs).toMatchObject({
      metadata: { namespace: "kube-system" },
      spec: {
        ingressClassName: "tailscale",
        defaultBackend: { service: { name: "hubble-ui", port: { number: 80 } } },
        tls: [{ hosts: ["lab-hubble"] }],
      },
    });
  });

  test("each machine has the package before it logs in, and its drift is looked for", () => {
    for (const host of ["cp1", "worker1"]) {
      expect(find(all, `${host}-tailscale`)?.dependsOn).toEqual([host]);
      expect(find(all, `${host}-tailscale-login`)?.dependsOn).toEqual([`${host}-tailscale`]);
      expect(find(all, `${host}-tailscale-login`)?.inputs).toMatchObject({
        hostname: `lab-${host}`,
        tags: ["tag:k8s-node"],
        authKey: AUTH_KEY,
      });
      expect(find(all, `${host}-inspection`)?.inputs["steps"]).toContain("tailscale");
    }
  });

  test("nothing of the cluster waits for the machines' logins", () => {
    const waiting = all.filter(({ dependsOn }) => dependsOn.some((name) => /-tail(net|scale-login)$/.test(name)));
    expect(waiting).toEqual([]);
  });

  test("no script and no command holds a secret", () => {
    const commands = all.filter(({ type }) => type === "command:remote:Command");
    expect(commands.length).toBeGreaterThan(10);
    expect(JSON.stringify(commands)).not.toContain("c4n4ry");
  });
});

test("argocd-destroy-order: what the repository deployed into the tailnet goes while the operator is there", async () => {
  const config = { argocd: { enabled: true } };
  const gitops = { "homelab:gitops": { repoURL: "https://git.example/gitops.git" } };
  const all = await graph({ enabled: true, oauth: OAUTH }, config, gitops);
  expect(find(all, "argocd-root")?.dependsOn).toContain("tailscale");
  expect(find(all, "argocd-release")?.dependsOn).not.toContain("tailscale");
});

test("every input that holds a credential is marked as a secret", async () => {
  const marked = (await graph(everything, { cilium: { hubble: { ui: true } } })).flatMap(({ name, secrets }) =>
    secrets.map((input) => `${name}.${input}`),
  );
  expect(marked).toEqual(
    expect.arrayContaining([
      "tailscale-oauth.data",
      "tailscale-devices.access",
      "cp1-tailscale-login.node",
      "cp1-tailscale-login.oauth",
      "cp1-tailscale-login.authKey",
    ]),
  );
});

test.each([
  ["it is off", {}],
  ["it has no credentials", { enabled: true, machines: { enabled: true } }],
])("nothing of it is there where %s", async (_what, tailscale) => {
  const all = await graph(tailscale);
  expect(ofTailscale(all)).toEqual([]);
  expect(find(all, "cp1-inspection")?.inputs["steps"]).not.toContain("tailscale");
});

test("Argo CD's page is made after Argo CD, and speaks TLS to it", async () => {
  const tailscale = { enabled: true, oauth: OAUTH, ingress: { argocd: true } };
  const all = await graph(tailscale, { argocd: { enabled: true } });
  const page = find(all, "tailscale-argocd");
  expect(page?.dependsOn).toEqual(["argocd", "tailscale"]);
  expect(page?.inputs).toMatchObject({
    metadata: { namespace: "argocd" },
    spec: { defaultBackend: { service: { name: "argocd-server", port: { number: 443 } } } },
  });
});

test("machines join without an operator too", async () => {
  const joined = ["cp1", "worker1"].flatMap((host) => [
    `${host}-tailnet`,
    `${host}-tailscale`,
    `${host}-tailscale-login`,
  ]);
  const all = await graph({ machines: { enabled: true, authKey: AUTH_KEY } });
  expect(ofTailscale(all).sort()).toEqual(joined);
});
