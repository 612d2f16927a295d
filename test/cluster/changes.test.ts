import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { dump, load } from "js-yaml";
import { createTarGzip, parseTarGzip } from "nanotar";
import { ensureMirrorWith, whyNoAddon } from "../../lab/addons/mirror";
import { generateKeyPair } from "../../providers/machines/ssh-key/key-pair";
import { type ChartRepository, serveChart } from "../harness/servers/chart-repository";
import { eventually } from "../harness/eventually";
import { GitRepository } from "../harness/servers/git-repository";
import { Kubectl } from "../harness/api/kubectl";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import { LabStack } from "../harness/stacks/lab-stack";
import { leftoversOf } from "../harness/machines/leftovers";
import { ArgocdView } from "./argocd-view";
import { deviceNames, stopTailnet, tailscaleChecks, withoutTailscale } from "./tailscale";

/** What a person changes on a cluster that runs: a switch, a login, a pin, a value; and then it all goes. */

jest.setTimeout(15 * 60_000);

const [PINNED, NEXT] = ["10.1.1", "10.1.2"];
const deployKey = generateKeyPair();

let stack: LabStack;
let kubectl: Kubectl;
let repository: GitRepository;
let charts: ChartRepository | undefined;
let server: { url: string; knownHost: string };

/** Switches Argo CD on, with this line in its known_hosts. */
async function install(knownHost: string): Promise<void> {
  await stack.change((settings) => {
    const addons = settings["homelab:addons"] as Record<string, unknown>;
    const configs = { cm: { "timeout.reconciliation": "10s" }, ssh: { extraHosts: knownHost } };
    addons.argocd = { enabled: true, values: { configs } };
    settings["homelab:gitops"] = { ...(settings["homelab:gitops"] as object), repoURL: server.url };
  });
}

/** `update argocd-release` for each planned operation. */
const planned = () => stack.planned();

const isSynced = (name: string) => new ArgocdView(stack, kubectl).isSynced(name);

interface CiliumSettings {
  mtu?: number;
  hubble: object;
  values: object;
}

const cilium = (settings: Record<string, unknown>) => (settings["homelab:addons"] as { cilium: CiliumSettings }).cilium;

const hubbleIs = () =>
  kubectl.run("-n", "kube-system", "get", "configmap", "cilium-config", "-o", "jsonpath={.data.enable-hubble}");

/** Has Argo CD's own ConfigMap, which a version of the chart may change. */
const banner = () =>
  kubectl.run("-n", "argocd", "get", "configmap", "argocd-cm", "-o", "jsonpath={.data.ui\\.bannercontent}");

/** The pinned chart as a next version, which differs in one value of a ConfigMap. */
async function nextChart(): Promise<Uint8Array> {
  const folder = path.join(stack.project, ".homelab", "charts");
  const name = (await readdir(folder)).find((file) => file.startsWith(`argo-cd-${PINNED}-`)) ?? "";
  const files = await parseTarGzip(await readFile(path.join(folder, name)));
  return createTarGzip(
    files.map(({ name: file, text }) => {
      if (file === "argo-cd/Chart.yaml") return { name: file, data: text.replace(PINNED, NEXT) };
      if (file !== "argo-cd/files/argocd-cm.json") return { name: file, data: text };
      return { name: file, data: JSON.stringify({ ...(JSON.parse(text) as object), "ui.bannercontent": NEXT }) };
    }),
  );
}

/** Writes the pin into the copy's charts/, as a person would. */
async function pin(from: string, to: string): Promise<void> {
  const file = path.join(stack.project, "charts", "argo-cd", "Chart.yaml");
  const text = await readFile(file, "utf8");
  expect(text).toContain(`version: ${from}`);
  await writeFile(file, text.replaceAll(`version: ${from}`, `version: ${to}`));
}

async function lock(version: string, digest: string): Promise<void> {
  const file = path.join(stack.project, "charts", "charts.lock.yaml");
  const digests = load(await readFile(file, "utf8")) as Record<string, Record<string, string>>;
  await writeFile(file, dump({ ...digests, [`argo-cd-${version}`]: { lab: digest } }));
}

const missing = whyNoAddon("argocd");
// The reports show the reasons.
const withTailscale = withoutTailscale ? describe.skip : describe;
const withArgocd = missing ? describe.skip : describe;
const reason = (why: string | undefined) => (why ? ` (skipped: ${why})` : "");

describe("a cluster of one machine that changes", () => {
  beforeAll(async () => {
    const addons = (["argocd", "tailscale"] as const).filter((name) => !whyNoAddon(name));
    const mirror = () => ensureMirrorWith(addons);
    stack = await LabStack.create({ name: "chg", roles: ["control-plane"], mirror, copy: true });
    await stack.up();
    kubectl = await Kubectl.of(stack);
    repository = await GitRepository.of(path.join(CHECKOUT, "examples", "gitops"));
    // The machines' bridge is there only now.
    server = await repository.serveSsh(`${stack.network}.1`, deployKey.public);
  });

  afterAll(async () => {
    await stack?.remove();
    await stopTailnet();
    await charts?.close();
    await repository?.remove();
  });

  withTailscale(`Tailscale's own operator and tailscaled${reason(withoutTailscale)}`, () =>
    tailscaleChecks(() => stack),
  );

  withArgocd(`its platform changes${reason(missing)}`, platformChanges);

  test("`make down` takes everything away, with add-ons, Applications and devices in the cluster", async () => {
    expect(await leftoversOf(stack)).not.toEqual([]);
    expect(await deviceNames()).toHaveLength(withoutTailscale ? 0 : 2);
    const { exitCode, output } = await stack.makeDown();
    expect(`${exitCode} ${output}`).toMatch(/^0 /);
    expect(await leftoversOf(stack)).toEqual([]);
    expect(await deviceNames()).toEqual([]);
  });
});

function platformChanges(): void {
  test("over SSH, a key that the server doesn't take ends in its own words, with the setting to correct", async () => {
    await install(server.knownHost);
    await stack.setSecrets([["gitops.sshPrivateKey", generateKeyPair().private]]);
    expect((await planned()).filter((step) => !step.startsWith("create"))).toEqual([]);
    const { exitCode, output } = await stack.tryUp();
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/waiting for the first sync of ssh:.*unable to authenticate/s);
    expect(output).toContain("gitops.sshPrivateKey");
  });

  test("over SSH, the deploy key of the settings gets the repository deployed, and is seen nowhere", async () => {
    await stack.setSecrets([["gitops.sshPrivateKey", deployKey.private]]);
    const { output } = await stack.up();
    expect(await eventually(() => isSynced("hello"), 120)).toBe(true);
    const secret = deployKey.private.split("\n")[2] ?? "";
    expect(secret.length).toBeGreaterThan(20);
    expect(output).not.toContain(secret);
    expect(await stack.exportedState()).not.toContain(secret);
  });

  test("another pin of a chart is one readable update, and the old one again is too", async () => {
    charts = await serveChart("argo-cd", NEXT, await nextChart());
    const { url, digest } = charts;
    await stack.change((settings) => {
      settings["homelab:mirrors"] = { ...(settings["homelab:mirrors"] as object), charts: { name: "lab", url } };
    });
    await pin(PINNED, NEXT);
    await lock(NEXT, digest);
    expect(await planned()).toEqual(["update argocd-release"]);
    expect(await stack.previewText()).toMatch(/argo-cd-10\.1\.1-\w+\.tgz" => "[^"]*argo-cd-10\.1\.2-\w+\.tgz"/);
    expect(charts.requests).toEqual([]);
    await stack.up();
    expect(await banner()).toBe(NEXT);
    expect(await eventually(() => isSynced("hello"), 60)).toBe(true);

    await pin(NEXT, PINNED);
    expect(await planned()).toEqual(["update argocd-release"]);
    await stack.up();
    expect(await banner()).toBe("");
    expect(await planned()).toEqual([]);
    expect(await eventually(() => isSynced("hello"), 60)).toBe(true);
  });

  test("Hubble off is one readable update, and another MTU says what it disrupts", async () => {
    await stack.change((settings) => void Object.assign(cilium(settings), { mtu: 1400 }));
    expect(await planned()).toEqual(["update cilium-checks", "update cilium-release"]);
    expect(await stack.previewText()).toMatch(/\+ *# MTU = 1400: pods keep the old MTU until they are recreated/);
    await stack.change((settings) => void delete cilium(settings).mtu);

    await stack.change((settings) => void Object.assign(cilium(settings).hubble, { enabled: false }));
    expect(await planned()).toEqual(["update cilium-release"]);
    expect(await stack.previewText()).toMatch(/~ hubble: \{\s*~ enabled: true => false\s*\}/);
    await stack.up();
    expect(await hubbleIs()).toBe("false");
    await kubectl.run("-n", "kube-system", "rollout", "status", "daemonset/cilium", "--timeout=120s");
  });

  test("Hubble with its relay and metrics is one update too: the agents count flows, and the relay reaches them", async () => {
    await stack.change((settings) => {
      Object.assign(cilium(settings).hubble, { enabled: true, relay: true, metrics: true });
      // The image that makes certificates is none of the lab's.
      Object.assign(cilium(settings).values, { hubble: { tls: { enabled: false } } });
    });
    expect(await planned()).toEqual(["update cilium-release"]);
    await stack.up();
    expect(await hubbleIs()).toBe("true");
    await kubectl.run("-n", "kube-system", "rollout", "status", "deployment/hubble-relay", "--timeout=180s");
    const metrics = () =>
      stack.machine(0).run(`curl -fsS --max-time 5 http://${stack.machine(0).address}:9965/metrics`);
    expect(await eventually(async () => /^hubble_flows_processed_total\{/m.test(await metrics()), 120)).toBe(true);
    expect(await eventually(() => isSynced("hello"), 60)).toBe(true);
    expect(await planned()).toEqual([]);
  });
}
