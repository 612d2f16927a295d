import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gitopsCheck } from "../../components/addons/argocd/check";
import { ensureMirrorWith, whyNoAddon } from "../../lab/addons/mirror";
import { findings } from "../harness/stacks/cluster-access";
import { connectionsTo } from "../harness/machines/connections";
import { type CustomKind, definitionOf } from "../harness/api/custom-kind";
import { eventually } from "../harness/eventually";
import { GitRepository } from "../harness/servers/git-repository";
import { Kubectl } from "../harness/api/kubectl";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import type { NspawnMachine } from "../harness/machines/nspawn-machine";
import { LabStack } from "../harness/stacks/lab-stack";
import { leftoversOf, notDeletedWith } from "../harness/machines/leftovers";
import { contested, readOwned, ownersOf } from "../harness/api/owners";
import { ArgocdView, strayApplication } from "./argocd-view";
import { initCrashes } from "./init-crash";

jest.setTimeout(15 * 60_000);

const LOGIN = { username: "homelab", password: "canary-git-token" };
const CHOSEN_PASSWORD = "canary-chosen-password";
/** Largest value of an annotation, in bytes: a client-side apply keeps the whole object in one. */
const ANNOTATION_LIMIT = 262_144;
const FIRST_SYNC_BUDGET_SECONDS = 180;
/** Nothing is waited for that can't come any more. */
const WRONG_LIMIT_SECONDS = 180;
const DESTROY_LIMIT_SECONDS = 120;

const LARGE: CustomKind = {
  ...{ group: "homelab.example", version: "v1", kind: "Large", scope: "Cluster" },
  description: "x".repeat(ANNOTATION_LIMIT),
};

const TRACKING = "argocd.argoproj.io/tracking-id";

let stack: LabStack;
let kubectl: Kubectl;
let argocd: ArgocdView;
let repository: GitRepository;
let url: string;
/** The setting `gitops` with which the first sync worked. */
let followed: Record<string, unknown>;

async function follow(gitops: Record<string, unknown> | undefined): Promise<void> {
  await stack.change((settings) => {
    if (gitops) settings["homelab:gitops"] = { repoURL: url, ...gitops };
    else delete settings["homelab:gitops"];
  });
}

async function switchArgocd(enabled: boolean): Promise<void> {
  await stack.change((settings) => {
    (settings["homelab:addons"] as { argocd: { enabled: boolean } }).argocd.enabled = enabled;
  });
}

const missing = whyNoAddon("argocd");
// The report shows the reason.
const withArgocd = missing ? describe.skip : describe;
const title = `is handed over to a Git repository${missing ? ` (skipped: ${missing})` : ""}`;

describe("a cluster of one machine", () => {
  beforeAll(async () => {
    const mirror = missing ? undefined : () => ensureMirrorWith(["argocd"]);
    stack = await LabStack.create({ name: "gop", roles: ["control-plane"], mirror, copy: true });
  });

  afterAll(async () => {
    await stack?.remove();
    await repository?.remove();
  });

  initCrashes(() => stack);

  withArgocd(title, handOver);
});

function handOver(): void {
  beforeAll(async () => {
    await stack.change((settings) => {
      const addons = settings["homelab:addons"] as Record<string, unknown>;
      addons.argocd = { enabled: true, values: { configs: { cm: { "timeout.reconciliation": "10s" } } } };
    });
    await stack.up();
    kubectl = await Kubectl.of(stack);
    argocd = new ArgocdView(stack, kubectl);
    repository = await GitRepository.of(path.join(CHECKOUT, "examples", "gitops"));
    // The machines' bridge is there only now.
    url = await repository.serve(`${stack.network}.1`, LOGIN);
  });

  test("the admin's password is a secret output, and logs in", async () => {
    const { adminPassword } = await stack.output<{ adminPassword: string }>("argocd");
    expect(adminPassword.length).toBeGreaterThanOrEqual(20);
    expect(await stack.exportedState()).not.toContain(adminPassword);
    expect(await argocd.logIn("wrong")).not.toContain('"token"');
    expect(await argocd.logIn(adminPassword)).toContain('"token"');
  });

  test("wrong credentials end up in the repository's own words, with the setting to correct", async () => {
    await follow({});
    const { exitCode, output } = await stack.tryUp();
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/waiting for the first sync of http.*authentication required/s);
    expect(output).toContain("gitops.username and gitops.password");
  });

  test("a missing revision names the revision and the setting", async () => {
    await follow({ revision: "nosuch" });
    await stack.setSecrets([["gitops.password", LOGIN.password]]);
    await stack.change((settings) => Object.assign(settings["homelab:gitops"] as object, { username: LOGIN.username }));
    const { exitCode, output } = await stack.tryUp();
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/nosuch.*Correct gitops\.revision/s);
  });

  test("the sample app is Synced and Healthy, and answers", async () => {
    await stack.change((settings) => Object.assign(settings["homelab:gitops"] as object, { revision: "main" }));
    await stack.up();
    followed = stack.settings["homelab:gitops"] as Record<string, unknown>;
    expect(await eventually(() => argocd.isSynced("hello"), 120)).toBe(true);
    expect(await eventually(async () => (await argocd.sampleAnswer()) === "hello", 30)).toBe(true);
    expect(await stack.exportedState()).not.toContain(LOGIN.password);
  });

  test("nothing changes in a second up, nor after a refresh, and no object has two owners", async () => {
    expect(await stack.plan()).toEqual([]);
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
    const owners = ownersOf(await readOwned(stack, kubectl));
    expect(contested(owners)).toEqual([]);
    // All three are seen, each where it is at home.
    expect(owners.get("apps/Deployment argocd/argocd-server")).toEqual(["Helm argocd"]);
    expect(owners.get("apps/Deployment hello/hello")).toEqual(["Argo CD hello"]);
    expect(owners.get("argoproj.io/Application argocd/root")).toEqual(["Pulumi argocd-root"]);
    expect(owners.get("argoproj.io/AppProject argocd/homelab-root")).toEqual(["Pulumi argocd-project"]);

    const planted = `${TRACKING}=planted:/ConfigMap:argocd/argocd-cm`;
    await kubectl.run("-n", "argocd", "annotate", "configmap", "argocd-cm", planted);
    const found = contested(ownersOf(await readOwned(stack, kubectl)));
    await kubectl.run("-n", "argocd", "annotate", "configmap", "argocd-cm", `${TRACKING}-`);
    expect(found).toEqual(["/ConfigMap argocd/argocd-cm: Helm argocd, Argo CD planted"]);
  });

  test("argocd-project: a root Application in Argo CD's default project, as an earlier checkout made it, is moved in place", async () => {
    const uids = async () => [
      (await kubectl.run("-n", "argocd", "get", "applications", "-o", "jsonpath={.items[*].metadata.uid}"))
        .split(" ")
        .sort(),
      await argocd.sampleField(".metadata.uid"),
    ];
    const before = await uids();
    const file = path.join(stack.project, "components", "addons", "argocd", "objects.ts");
    const program = await readFile(file, "utf8");
    expect(program).toContain("project: PROJECT");
    await writeFile(file, program.replace("project: PROJECT", 'project: "default"'));
    await stack.up();
    await writeFile(file, program);
    expect(await stack.planned()).toEqual(["update argocd-root"]);
    await stack.up();
    const project = "jsonpath={.spec.project}";
    expect(await kubectl.run("-n", "argocd", "get", "application", "root", "-o", project)).toBe("homelab-root");
    expect(await eventually(() => argocd.isSynced("root"), 120)).toBe(true);
    expect(await uids()).toEqual(before);
    expect(await stack.plan()).toEqual([]);
  });

  test("every check of `make check` that is for such a cluster is passed", async () => {
    const found = await findings(stack);
    expect(found.filter(({ status }) => status === "failed" || status === "warning")).toEqual([]);
    const synced = "all 3 Applications are Synced and Healthy";
    expect(found).toContainEqual({ subject: "GitOps sync", status: "ok", text: synced });
  });

  test("a preview connects to no host and fetches nothing, and says the same where no connection can be had", async () => {
    const port = new URL((stack.settings["homelab:mirrors"] as { charts: { url: string } }).charts.url).port;
    // The Kubernetes provider asks the API server for its version, and does without where it doesn't answer.
    const places = [
      ["-d", `${stack.network}.0/24`, "!", "--dport", "6443"],
      ["-d", "127.0.0.1", "--dport", port],
    ];
    // What is counted is counted.
    expect(await connectionsTo(places, () => stack.refresh())).toBeGreaterThan(0);
    expect(await connectionsTo(places, async () => expect(await stack.plan()).toEqual([]))).toBe(0);
    expect(await stack.planOnOtherWorkstation()).toEqual([]);
  });

  const urlOf = (repoURL: () => string) => () => follow({ ...followed, repoURL: repoURL() });

  async function wrongPassword(): Promise<void> {
    await follow(followed);
    await stack.setSecrets([["gitops.password", "canary-wrong-password"]]);
  }

  /** Settings that can't work, with the words of whoever noticed, and the setting to correct. */
  const WRONG: [what: string, set: () => Promise<void>, words: RegExp, setting: string][] = [
    ["a name that is not in DNS", urlOf(() => "http://nosuch.invalid/gitops.git"), /nosuch\.invalid/, "gitops.repoURL"],
    ["a port without a listener", urlOf(() => url.replace(/:\d+\//, ":9/")), /connection refused/, "gitops.repoURL"],
    ["a missing revision", () => follow({ ...followed, revision: "nosuch" }), /'nosuch'/, "gitops.revision"],
    [
      "a wrong password",
      wrongPassword,
      /authentication required/,
      "the credentials: gitops.username and gitops.password",
    ],
    [
      "a repository that is not there",
      urlOf(() => url.replace("gitops.git", "nosuch.git")),
      /repository not found/,
      "gitops.repoURL",
    ],
  ];

  test.each(WRONG)("%s names the setting, and what was healthy stays so", async (_what, set, words, setting) => {
    await set();
    const started = Date.now();
    const { exitCode, output } = await stack.tryUp();
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(words);
    expect(output).toContain(`Correct ${setting}`);
    expect((Date.now() - started) / 1000).toBeLessThan(WRONG_LIMIT_SECONDS);
    expect(await argocd.sampleAnswer()).toBe("hello");
    expect((await argocd.application("hello")).status?.health?.status).toBe("Healthy");
  });

  test("`make check` says what is wrong too, and which setting to correct", async () => {
    const [, , words, setting] = WRONG.at(-1) ?? [];
    const [, sync] = await findings(stack, [gitopsCheck]);
    expect([sync?.status, sync?.text]).toEqual(["failed", expect.stringMatching(words as RegExp)]);
    expect(sync?.action).toContain(setting);
  });

  test("with the right settings again it is in sync again", async () => {
    await follow(followed);
    await stack.up();
    expect(await stack.plan()).toEqual([]);
    expect(await eventually(() => argocd.isSynced("hello"), 120)).toBe(true);
  });

  test("a commit is deployed, and a deleted Deployment comes back", async () => {
    const file = path.join(repository.work, "apps", "hello", "hello.yaml");
    await writeFile(
      file,
      (await readFile(file, "utf8")).replace("spec:\n  selector:", "spec:\n  replicas: 2\n  selector:"),
    );
    await repository.commit("Two of them");
    const ready = () => argocd.sampleField(".status.readyReplicas");
    expect(await eventually(async () => (await ready()) === "2", 120)).toBe(true);

    const uid = () => argocd.sampleField(".metadata.uid");
    const before = await uid();
    await kubectl.run("-n", "hello", "delete", "deployment", "hello");
    expect(await eventually(async () => (await uid()) !== before, 60)).toBe(true);
    expect(await eventually(async () => (await ready()) === "2", 60)).toBe(true);
  });

  test("crd-too-large: Argo CD's own largest CRD is installed, and one as large from the repository is synced", async () => {
    const size = async (name: string) => (await kubectl.run("get", "crd", name, "-o", "json")).length;
    expect(await size("applicationsets.argoproj.io")).toBeGreaterThan(ANNOTATION_LIMIT);

    await mkdir(path.join(repository.work, "apps", "large"));
    await writeFile(path.join(repository.work, "apps", "large", "crd.json"), JSON.stringify(definitionOf(LARGE)));
    await repository.commit("A large CRD");
    // While the settings were wrong, ApplicationSets waited twice as long after each failure: their next try may be minutes away.
    const refresh = "argocd.argoproj.io/application-set-refresh=true";
    await kubectl.run("-n", "argocd", "annotate", "applicationsets.argoproj.io", "--all", "--overwrite", refresh);
    expect(await eventually(() => argocd.isSynced("large"), 180)).toBe(true);
    expect(await size("larges.homelab.example")).toBeGreaterThan(ANNOTATION_LIMIT);
  });

  test("argocd-destroy-order: Applications go first, Argo CD waits for one that is not deleted, and nothing is stuck", async () => {
    await kubectl.apply(JSON.stringify(strayApplication(url)));
    await follow(undefined);
    await switchArgocd(false);
    const refused = await stack.tryUp();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/still there: argocd\/stray.*kubectl -n argocd delete application/s);
    // What the repository deployed is gone, and Argo CD is still there to take back the rest.
    expect(await kubectl.run("get", "applications", "-A", "-o", "name")).toBe("application.argoproj.io/stray");
    expect(await kubectl.run("-n", "hello", "get", "deployments", "--ignore-not-found", "-o", "name")).toBe("");
    expect(await kubectl.run("-n", "argocd", "get", "deployment", "argocd-server", "-o", "name")).not.toBe("");

    await kubectl.run("-n", "argocd", "delete", "application", "stray");
    await stack.up();
    expect(await kubectl.run("get", "namespace", "argocd", "--ignore-not-found", "-o", "name")).toBe("");
    expect(await kubectl.run("get", "applications", "-A", "-o", "name")).toBe("");
    expect(await stack.plan()).toEqual([]);
  });

  test("switched on again, with a password from the settings, it deploys the sample app again", async () => {
    await switchArgocd(true);
    await follow({ username: LOGIN.username });
    await stack.setSecrets([
      ["gitops.password", LOGIN.password],
      ["addons.argocd.adminPassword", CHOSEN_PASSWORD],
    ]);
    const started = Date.now();
    await stack.up();
    const seconds = (Date.now() - started) / 1000;
    process.stderr.write(`from nothing of Argo CD to the first sync: ${seconds.toFixed(0)} s\n`);
    expect(seconds).toBeLessThan(FIRST_SYNC_BUDGET_SECONDS);
    expect(await argocd.logIn(CHOSEN_PASSWORD)).toContain('"token"');
    expect(await eventually(() => argocd.isSynced("hello"), 120)).toBe(true);
    expect(await eventually(async () => (await argocd.sampleAnswer()) === "hello", 30)).toBe(true);
    const state = await stack.exportedState();
    expect([CHOSEN_PASSWORD, LOGIN.password].filter((secret) => state.includes(secret))).toEqual([]);
  });

  test("destroy-host-gone / API gone: with its machine killed, `make down` ends and leaves nothing", async () => {
    expect(await leftoversOf(stack)).not.toEqual([]);
    expect(await notDeletedWith(stack, stack.machine(0).name, "homelab:platform:Argocd")).toEqual([]);
    await (stack.machine(0) as NspawnMachine).kill();
    const started = Date.now();
    const { exitCode, output } = await stack.makeDown();
    expect(`${exitCode} ${output}`).toMatch(/^0 /);
    expect((Date.now() - started) / 1000).toBeLessThan(DESTROY_LIMIT_SECONDS);
    expect(await leftoversOf(stack)).toEqual([]);
  });
}
