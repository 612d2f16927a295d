import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { AddonContext } from "../../../components/addons/addon";
import { install } from "../../../components/addons/argocd/argocd";
import { HelmReleases } from "../../../components/addons/helm-releases";
import type { Cluster } from "../../../components/cluster/cluster";
import type { Machine } from "../../../providers/machines/machine";
import { gitopsSchema, schema as argocdSchema } from "../../../components/addons/argocd/settings";
import type { Settings } from "../../../settings";
import { takeHooks } from "../../../cli/charts/mocked-program";

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const REPOSITORY = "https://git.example/home/gitops.git";
let made: Made[];
/** Names of what each resource was told to wait for. */
let waits: Map<string, string[]>;
/** Each resource's parent. */
let parents: Map<string, string | undefined>;

beforeEach(async () => {
  made = [];
  waits = new Map();
  parents = new Map();
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      made.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: name, state: { ...(inputs as object), password: "PASSWORD", hash: "HASH", changedAt: "NOW" } };
    },
    call: () => ({}),
  });
  takeHooks();
});

/** Makes the component with these settings, and answers what it made by name. */
async function argocd(
  gitops: object | undefined,
  settings: object = {},
  services: pulumi.Resource[] = [],
): Promise<Map<string, Made>> {
  const connection = { host: "10.90.0.11", port: 22, user: "root", hostKey: "ssh-ed25519 AAAA", privateKey: "KEY" };
  const controlPlane = { name: "cp1", connection, disposable: false } as unknown as Machine;
  install({
    releases: new HelmReleases(pulumi.output("kubeconfig")),
    chart: { name: "argo-cd", version: "10.1.1", path: "./argo-cd.tgz", values: {} },
    settings: {
      addons: { argocd: argocdSchema.parse({ enabled: true, ...settings }) },
      gitops: gitops && gitopsSchema.parse(gitops),
    } as unknown as Settings,
    cluster: { controlPlane, identity: pulumi.output("cluster-1") } as unknown as Cluster,
    ready: [],
    services,
    inCluster: { transformations: [remember] } as unknown as AddonContext["inCluster"],
  });
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return new Map(made.map((resource) => [resource.name, resource]));
}

const remember: pulumi.ResourceTransformation = ({ name, opts }) => {
  const { dependsOn, parent } = opts as pulumi.CustomResourceOptions & {
    dependsOn?: { __name: string }[];
    parent?: { __name: string };
  };
  parents.set(name, parent?.__name);
  waits.set(name, (dependsOn ?? []).map((resource) => resource.__name).sort());
  return undefined;
};

/** The values of a Secret, decoded, without the mark of a secret. */
function dataOf(resource: Made | undefined): Record<string, string> {
  const data = (resource?.inputs.data as { value?: Record<string, string> })?.value ?? resource?.inputs.data;
  return Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([name, value]) => [
      name,
      Buffer.from(value, "base64").toString(),
    ]),
  );
}

test("the root Application follows the repository, prunes, heals, and takes all back when it is deleted", async () => {
  const root = (await argocd({ repoURL: REPOSITORY, path: "clusters/home", revision: "v1" })).get("argocd-root");
  expect(root?.inputs).toMatchObject({
    kind: "Application",
    metadata: { name: "root", namespace: "argocd", finalizers: ["resources-finalizer.argocd.argoproj.io"] },
    spec: {
      source: { repoURL: REPOSITORY, path: "clusters/home", targetRevision: "v1" },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  });
});

test.each([
  [REPOSITORY, REPOSITORY],
  ["ssh://git@[fd00::1]/gitops.git", "*"],
])(
  "argocd-project: the root Application of %s is in a project of its own, which may deploy from %s",
  async (repoURL, from) => {
    const all = await argocd({ repoURL });
    const project = all.get("argocd-project")?.inputs as { kind: string; metadata: { name: string }; spec: object };
    expect(all.get("argocd-root")?.inputs).toMatchObject({ spec: { project: project.metadata.name } });
    expect(project.metadata.name).not.toBe("default");
    expect(project).toMatchObject({
      kind: "AppProject",
      metadata: { namespace: "argocd" },
      spec: {
        sourceRepos: [from],
        destinations: [{ server: "https://kubernetes.default.svc", namespace: "*" }],
        clusterResourceWhitelist: [{ group: "*", kind: "*" }],
      },
    });
  },
);

test("crd-too-large: the root Application applies on the server, which keeps no copy in an annotation", async () => {
  const root = (await argocd({ repoURL: REPOSITORY })).get("argocd-root");
  expect(root?.inputs).toMatchObject({ spec: { syncPolicy: { syncOptions: ["ServerSideApply=true"] } } });
});

test("ApplicationSets learn from the cluster's Secret what the repository is", async () => {
  const secret = (await argocd({ repoURL: REPOSITORY, path: "clusters/home" })).get("argocd-cluster");
  expect(secret?.inputs.metadata).toMatchObject({
    labels: { "argocd.argoproj.io/secret-type": "cluster" },
    annotations: {
      "gitops.homelab/repo-url": REPOSITORY,
      "gitops.homelab/revision": "main",
      "gitops.homelab/folder": "clusters/home/",
    },
  });
  expect(dataOf(secret)).toMatchObject({ name: "in-cluster", server: "https://kubernetes.default.svc" });
});

test("the annotations that the example reads are those that the cluster has", async () => {
  const secret = (await argocd({ repoURL: REPOSITORY })).get("argocd-cluster");
  const { annotations, labels } = secret?.inputs.metadata as Record<"annotations" | "labels", Record<string, string>>;
  for (const name of ["apps", "infrastructure"]) {
    const text = readFileSync(path.join(__dirname, "../../../examples/gitops", `${name}.yaml`), "utf8");
    expect(load(text)).toMatchObject({ kind: "ApplicationSet" });
    const [, label, value] = /matchLabels:\n\s+(\S+): (\S+)\n/.exec(text) ?? [];
    // Not the one that every cluster has: others don't say what to follow.
    expect(label).not.toBe("argocd.argoproj.io/secret-type");
    expect(labels[label ?? ""]).toBe(value);
    const read = [...text.matchAll(/annotations "([^"]+)"/g)].map(([, annotation]) => annotation);
    expect([...new Set(read)].sort()).toEqual(Object.keys(annotations).sort());
  }
});

test("credentials are a Secret of the repository, and an open repository needs none", async () => {
  const login = (await argocd({ repoURL: REPOSITORY, username: "me", password: "TOKEN" })).get("argocd-repository");
  expect(login?.inputs.metadata).toMatchObject({ labels: { "argocd.argoproj.io/secret-type": "repository" } });
  expect(dataOf(login)).toEqual({ type: "git", url: REPOSITORY, username: "me", password: "TOKEN" });
  made = [];
  expect((await argocd({ repoURL: REPOSITORY })).has("argocd-repository")).toBe(false);
});

test("a deploy key ends in a line break, without which OpenSSH refuses it", async () => {
  const ssh = { repoURL: "git@git.example:home/gitops.git", sshPrivateKey: "-----BEGIN-----\n-----END-----" };
  expect(dataOf((await argocd(ssh)).get("argocd-repository")).sshPrivateKey).toBe("-----BEGIN-----\n-----END-----\n");
});

test("the admin's hash is in Argo CD's own Secret, and never a value of the chart", async () => {
  const resources = await argocd(undefined, { adminPassword: "CANARY-PASSWORD" });
  expect(dataOf(resources.get("argocd-secret"))).toEqual({ "admin.password": "HASH", "admin.passwordMtime": "NOW" });
  expect(JSON.stringify(resources.get("argocd-release")?.inputs)).not.toMatch(/CANARY|HASH/);
});

test("argocd-destroy-order: the root Application goes first, and Argo CD when no Application is left", async () => {
  await argocd({ repoURL: REPOSITORY, username: "me", password: "TOKEN" });
  expect(waits.get("argocd-root")).toEqual([
    "argocd-applications",
    "argocd-cluster",
    "argocd-project",
    "argocd-repository",
  ]);
  // Argo CD takes back what an Application deployed only while its project is there.
  expect(waits.get("argocd-applications")).toEqual(["argocd-project", "argocd-release"]);
  expect(waits.get("argocd-project")).toEqual(["argocd-release"]);
  expect(waits.get("argocd-release")).toEqual(["argocd-secret"]);
  expect(waits.get("argocd-sync")).toEqual(["argocd-root"]);
});

test("argocd-destroy-order: what was deployed goes before the volumes and the operator that it uses", async () => {
  const storage = new pulumi.ComponentResource("test:Storage", "storage");
  await argocd({ repoURL: REPOSITORY }, {}, [storage]);
  expect(waits.get("argocd-root")).toContain("storage");
  expect(waits.get("argocd-release")).not.toContain("storage");
});

test("everything is a child of the component, from which the engine takes what it is deleted with", async () => {
  await argocd({ repoURL: REPOSITORY, username: "me", password: "TOKEN" });
  const inside = [...parents.keys()].filter((name) => name !== "argocd");
  expect(inside.length).toBeGreaterThan(5);
  expect(inside.filter((name) => parents.get(name) !== "argocd")).toEqual([]);
});

test("gitops.await: false leaves out the wait, and no repository leaves out the root Application", async () => {
  expect((await argocd({ repoURL: REPOSITORY })).has("argocd-sync")).toBe(true);
  made = [];
  const unawaited = await argocd({ repoURL: REPOSITORY, await: false });
  expect([unawaited.has("argocd-sync"), unawaited.has("argocd-root")]).toEqual([false, true]);
  made = [];
  const alone = await argocd(undefined);
  expect([alone.has("argocd-release"), alone.has("argocd-root"), alone.has("argocd-project")]).toEqual([
    true,
    false,
    false,
  ]);
});
