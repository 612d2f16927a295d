import { dump } from "js-yaml";
import { checkImage } from "../../versions";
import { Kubectl } from "../harness/kubectl";
import { LabStack } from "../harness/lab-stack";
import { type MetalHost, MetalHosts } from "../harness/metal-hosts";
import { inventoryEntry } from "../harness/metal-hosts-settings";
import { whyNoMetalHosts } from "../harness/metal-hosts-tree";
import { clusterChecks, type ClusterUnderTest, readyNodes } from "./checks";

jest.setTimeout(15 * 60_000);

const missing = whyNoMetalHosts();
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = `the stack metal: a cluster on hosts that exist already${missing ? ` (skipped: ${missing})` : ""}`;

const SUDO_PASSWORD = "canary-sudo-'pass\"word$";
const WEB_PORT = 30090;

let hosts: MetalHosts;
let stack: LabStack;
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
          terminationGracePeriodSeconds: 15,
          containers: [
            {
              name: "web",
              image: checkImage,
              command: [
                "sh",
                "-c",
                "mkdir -p /tmp/www; echo web >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www",
              ],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              // Until every node has heard that the pod is going.
              lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
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
  private stopped = false;
  private readonly done: Promise<{ answered: number; failed: number }>;

  constructor(from: MetalHost) {
    this.done = this.ask(from);
  }

  private async ask(from: MetalHost): Promise<{ answered: number; failed: number }> {
    const count = { answered: 0, failed: 0 };
    while (!this.stopped) {
      const answers = await from.run(`for _ in 1 2 3 4 5; do
  curl -fsS --max-time 3 http://${from.address}:${WEB_PORT} 2>/dev/null || echo failed
  sleep 0.2
done`);
      for (const answer of answers.split("\n")) count[answer === "web" ? "answered" : "failed"]++;
    }
    return count;
  }

  async stop(): Promise<{ answered: number; failed: number }> {
    this.stopped = true;
    return this.done;
  }
}

onHosts(title, () => {
  beforeAll(async () => {
    hosts = await MetalHosts.create("e2m", [{ behindBastion: true }, { sudoPassword: SUDO_PASSWORD }]);
    for (const host of hosts.all) await remember(host);
    stack = await LabStack.create({ name: "e2m", roles: ["control-plane", "worker"], hosts });
    await stack.up();
    cluster = { stack, hosts: [hosts.host(0), hosts.host(1)], kubectl: await Kubectl.of(stack) };
  });

  afterAll(async () => {
    try {
      await stack?.remove();
    } finally {
      await hosts?.remove();
    }
  });

  clusterChecks(() => cluster);

  test("takes one worker in and lets another go, while a Deployment with a disruption budget keeps serving", async () => {
    const { kubectl } = cluster;
    const [first, leaving] = [hosts.host(0), hosts.host(1)];
    // Pods that nothing would make anew are not thrown away: they would keep the node.
    await kubectl.run("delete", "pod", "server", "client");
    await kubectl.apply(WEB);
    await kubectl.run("rollout", "status", "deployment/web", "--timeout=120s");
    const requests = new Requests(first);

    const coming = await hosts.add();
    await remember(coming);
    await stack.change((settings) => {
      settings["homelab:machines"].nodes.push(inventoryEntry(coming, "worker"));
    });
    await stack.up();
    expect(await readyNodes(kubectl)).toEqual([first.name, leaving.name, coming.name]);
    await kubectl.run("rollout", "restart", "deployment/web");
    await kubectl.run("rollout", "status", "deployment/web", "--timeout=120s");

    await stack.change((settings) => {
      const { nodes } = settings["homelab:machines"];
      settings["homelab:machines"].nodes = nodes.filter(({ name }) => name !== leaving.name);
    });
    await stack.up();
    expect(await readyNodes(kubectl)).toEqual([first.name, coming.name]);
    const { answered, failed } = await requests.stop();
    expect(failed).toBe(0);
    expect(answered).toBeGreaterThan(50);
    expect(await stack.plan()).toEqual([]);
  });

  test("leaves a removed host as it was before its first up, but for what is listed", async () => {
    expect(await differences(hosts.host(1))).toEqual([]);
  });

  test("ends with a destroy in order that leaves every host as it was", async () => {
    await stack.destroy();
    for (const host of hosts.all) expect(await differences(host)).toEqual([]);
  });
});
