import path from "node:path";
import { dump } from "js-yaml";
import { networkCheck } from "../../checks/network";
import { ensureMirrorWith, whyNoAddon } from "../../lab/addons/mirror";
import { findings } from "../harness/stacks/cluster-access";
import { eventually } from "../harness/eventually";
import { GitRepository } from "../harness/servers/git-repository";
import { checkImage } from "../../versions";
import { Kubectl } from "../harness/api/kubectl";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import { untilAsked } from "../harness/api/workload";
import { LabStack } from "../harness/stacks/lab-stack";
import { type MetalHost, MetalHosts } from "../harness/machines/metal-hosts";
import { inventoryEntry } from "../harness/stacks/metal-settings";
import { whyNoMetalHosts } from "../harness/machines/metal-hosts-tree";
import { ArgocdView } from "./argocd-view";
import { clusterChecks, type ClusterUnderTest, readyNodes, restartCheck } from "./checks";
import { testUnless } from "../harness/machines/requirements";

jest.setTimeout(15 * 60_000);

const missing = whyNoMetalHosts();
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = `the stack metal: a cluster on hosts that exist already${missing ? ` (skipped: ${missing})` : ""}`;

const withoutArgocd = whyNoAddon("argocd");
/** A test with Argo CD. */
const gitops = testUnless(withoutArgocd);

const SUDO_PASSWORD = "canary-sudo-'pass\"word$";
const WEB_PORT = 30090;

/** A configuration of another network plugin, and where it is while Cilium is the only one. */
const FOREIGN = "/etc/cni/net.d/10-theirs.conflist";
const FOREIGN_TEXT = '{"cniVersion":"1.0.0","name":"theirs","plugins":[{"type":"theirs"}]}';

let hosts: MetalHosts;
let stack: LabStack;
let repository: GitRepository | undefined;
let cluster: ClusterUnderTest;
/** Each host's digest before its first `up`. */
const atFirst = new Map<string, string>();

async function remember(host: MetalHost): Promise<void> {
  atFirst.set(host.name, await host.digest());
}

/** What a host may keep: sudo itself notes that a user of the group sudo has used it once. */
const KEPT = /\/\.sudo_as_admin_successful( |$)/;

/** The lines by which a host differs from what it was before its first `up`, but for what it may keep. */
async function differences(host: MetalHost): Promise<string[]> {
  const before = new Set(atFirst.get(host.name)?.split("\n"));
  const after = (await host.digest()).split("\n");
  const now = new Set(after);
  const differing = [...[...before].filter((line) => !now.has(line)), ...after.filter((line) => !before.has(line))];
  return differing.filter((line) => !KEPT.test(line));
}

/** The names among these, in the order in which a run said that it had deleted them. */
function deleted(output: string, names: string[]): string[] {
  return [...output.matchAll(/ (\S+) deleted\b/g)].map(([, name = ""]) => name).filter((name) => names.includes(name));
}

/** A web server of two pods on different workers, of which one may be away; the other answers meanwhile. */
const WEB = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: { app: "web" } },
            },
          ],
          terminationGracePeriodSeconds: 20,
          containers: [
            {
              name: "web",
              image: checkImage,
              command: [
                "sh",
                "-c",
                `mkdir -p /tmp/www; echo web >/tmp/www/index.html; ${untilAsked("httpd -f -p 8080 -h /tmp/www")}`,
              ],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              // Until every node has heard that the pod is going.
              lifecycle: { preStop: { exec: { command: ["sleep", "10"] } } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080, nodePort: WEB_PORT }] },
  },
]
  .map((object) => dump(object))
  .join("---\n");

/** Asks the web server from the control plane, several times a second, until it is stopped. */
class Requests {
  /** What is being done to the cluster: it stands beside a request that fails. */
  during = "nothing yet";
  private stopped = false;
  private readonly done: Promise<{ answered: number; failed: string[] }>;

  constructor(from: MetalHost) {
    this.done = this.ask(from);
  }

  private async ask(from: MetalHost): Promise<{ answered: number; failed: string[] }> {
    const ended = { answered: 0, failed: [] as string[] };
    while (!this.stopped) {
      const answers = await from.run(`for _ in 1 2 3 4 5; do
  curl -fsS --max-time 3 http://${from.address}:${WEB_PORT} 2>&1 || true
  sleep 0.2
done`);
      for (const answer of answers.split("\n")) {
        if (answer === "web") ended.answered++;
        else ended.failed.push(`${this.during}: ${answer}`);
      }
    }
    return ended;
  }

  async stop(): Promise<{ answered: number; failed: string[] }> {
    this.stopped = true;
    return this.done;
  }
}

onHosts(title, () => {
  beforeAll(async () => {
    hosts = await MetalHosts.create("e2m", [{ behindBastion: true }, { sudoPassword: SUDO_PASSWORD }]);
    await hosts.host(0).run(`install -d /etc/cni/net.d; printf '%s' '${FOREIGN_TEXT}' >${FOREIGN}`);
    for (const host of hosts.all) await remember(host);
    const mirror = withoutArgocd ? undefined : () => ensureMirrorWith(["argocd"]);
    stack = await LabStack.create({ name: "e2m", roles: ["control-plane", "worker"], hosts, mirror, copy: true });
    await stack.up();
    cluster = { stack, hosts: [hosts.host(0), hosts.host(1)], kubectl: await Kubectl.of(stack) };
  });

  afterAll(async () => {
    try {
      await stack?.remove();
    } finally {
      await hosts?.remove();
      await repository?.remove();
    }
  });

  clusterChecks(() => cluster);

  restartCheck(() => cluster);

  test("takes one worker in and lets another go, while a Deployment with a disruption budget keeps serving", async () => {
    const { kubectl } = cluster;
    const [first, leaving] = [hosts.host(0), hosts.host(1)];
    // Pods without a controller are not evicted: they would keep the node.
    await kubectl.run("delete", "pod", "server", "client", "--ignore-not-found");
    await kubectl.apply(WEB);
    await kubectl.run("rollout", "status", "deployment/web", "--timeout=120s");
    const answers = () => first.succeeds(`curl -fsS --max-time 3 http://${first.address}:${WEB_PORT}`);
    expect(await eventually(answers, 60)).toBe(true);
    const requests = new Requests(first);

    requests.during = "a worker joins";
    const coming = await hosts.add();
    await remember(coming);
    await stack.change((settings) => {
      settings["homelab:machines"].nodes.push(inventoryEntry(coming, "worker"));
    });
    await stack.up();
    expect(await readyNodes(kubectl)).toEqual([first.name, leaving.name, coming.name]);
    requests.during = "pods are replaced";
    await kubectl.run("rollout", "restart", "deployment/web");
    await kubectl.run("rollout", "status", "deployment/web", "--timeout=120s");

    requests.during = "a worker leaves";
    await stack.change((settings) => {
      const { nodes } = settings["homelab:machines"];
      settings["homelab:machines"].nodes = nodes.filter(({ name }) => name !== leaving.name);
    });
    await stack.up();
    expect(await readyNodes(kubectl)).toEqual([first.name, coming.name]);
    const { answered, failed } = await requests.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(await stack.plan()).toEqual([]);
  });

  test("leaves a removed host as it was before its first up, but for what is listed", async () => {
    expect(await differences(hosts.host(1))).toEqual([]);
  });

  test("stale-CNI: while Cilium is there, the configuration of another network plugin is set aside", async () => {
    expect(await hosts.host(0).run("ls /etc/cni/net.d")).toBe("05-cilium.conflist\n10-theirs.conflist.cilium_bak");
  });

  gitops("Argo CD is switched on, and what is in a repository is deployed", async () => {
    repository = await GitRepository.of(path.join(CHECKOUT, "examples", "gitops"));
    const repoURL = await repository.serve(`${hosts.network}.1`);
    await stack.change((settings) => {
      (settings["homelab:addons"] as Record<string, unknown>)["argocd"] = { enabled: true };
      settings["homelab:gitops"] = { repoURL };
    });
    expect((await stack.plan()).filter(({ op }) => op !== "create")).toEqual([]);
    await stack.up();
    const all = "hello infrastructure-namespaces root";
    const argocd = new ArgocdView(stack, cluster.kubectl);
    expect(await eventually(async () => (await argocd.synced()).join(" ") === all, 120)).toBe(true);
    expect(await stack.plan()).toEqual([]);
  });

  test("a cluster on existing hosts is protected: `make down` refuses before it has removed anything", async () => {
    const protect = async (on: boolean) => {
      await stack.change((settings) => void Object.assign(settings["homelab:machines"], { protect: on }));
      await stack.up();
    };
    await protect(true);
    const refused = await stack.makeDown();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/is protected \(.*nothing was removed/s);
    expect(refused.output).toContain("machines.protect: false");
    expect(await stack.plan()).toEqual([]);
    await protect(false);
  });

  test("ends with a destroy in order that leaves every host as it was", async () => {
    const { output } = await stack.destroy();
    const order = withoutArgocd ? [] : ["argocd-root", "argocd-applications", "argocd-release"];
    expect(deleted(output, [...order, "cilium-release", hosts.host(0).name])).toEqual([
      ...order,
      "cilium-release",
      hosts.host(0).name,
    ]);
    for (const host of hosts.all) expect(await differences(host)).toEqual([]);
  });

  test("stale-CNI: the configuration of the other network plugin is where it was", async () => {
    expect(await hosts.host(0).run(`ls -A /etc/cni/net.d; cat ${FOREIGN}`)).toBe(`10-theirs.conflist\n${FOREIGN_TEXT}`);
  });

  test("stale-CNI: on the same hosts the next cluster comes up, and is removed without a trace", async () => {
    await stack.change((settings) => {
      delete settings["homelab:gitops"];
      delete (settings["homelab:addons"] as Record<string, unknown>)["argocd"];
    });
    await stack.up();
    cluster.kubectl = await Kubectl.of(stack);
    const [first, , second] = [hosts.host(0), hosts.host(1), hosts.host(2)];
    expect(await readyNodes(cluster.kubectl)).toEqual([first.name, second.name]);
    expect((await findings(stack, [networkCheck])).filter(({ status }) => status === "failed")).toEqual([]);
    await stack.destroy();
    for (const host of hosts.all) expect(await differences(host)).toEqual([]);
  });
});
