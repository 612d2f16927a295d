import { eventually } from "../harness/eventually";
import type { Kubectl } from "../harness/kubectl";
import type { LabHost } from "../harness/lab-host";
import type { LabStack } from "../harness/lab-stack";
import { DENY_ALL, NODE_PORT, PORT, workload } from "./workload";

/** A cluster that is up, and its hosts: the control plane first, then at least one worker. */
export interface ClusterUnderTest {
  stack: LabStack;
  hosts: [LabHost, LabHost, ...LabHost[]];
  kubectl: Kubectl;
}

export interface NodeList {
  items: {
    metadata: { name: string; labels: Record<string, string> };
    status: { conditions: { type: string; status: string; lastHeartbeatTime: string }[] };
  }[];
}
interface PodList {
  items: { metadata: { name: string; labels: Record<string, string> }; status: { phase: string; podIP: string } }[];
}

export const wget = (host: string) => ["timeout", "3", "wget", "-q", "-O", "-", `http://${host}`];

export async function readyNodes(kubectl: Kubectl): Promise<string[]> {
  const { items } = await kubectl.json<NodeList>("get", "nodes");
  return items
    .filter(({ status }) => status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"))
    .map(({ metadata }) => metadata.name);
}

/** When the node's kubelet last said how it is. */
async function heartbeat(kubectl: Kubectl, node: string): Promise<Date> {
  const { status } = await kubectl.json<NodeList["items"][0]>("get", "node", node);
  return new Date(status.conditions.find(({ type }) => type === "Ready")?.lastHeartbeatTime ?? 0);
}

/** What every stack's cluster must pass, whatever its machines are: the tests of one `describe`. */
export function clusterChecks(cluster: () => ClusterUnderTest): void {
  const systemPods = async (app: string) =>
    (await cluster().kubectl.json<PodList>("-n", "kube-system", "get", "pods", "-l", `k8s-app=${app}`)).items;
  const overHosts = <T>(look: (host: LabHost) => Promise<T>) => Promise.all(cluster().hosts.map(look));

  test("has every node Ready, CoreDNS and Cilium running, and no kube-proxy", async () => {
    const { kubectl, hosts } = cluster();
    expect(await readyNodes(kubectl)).toEqual(hosts.map(({ name }) => name));
    expect((await systemPods("cilium")).map(({ status }) => status.phase)).toEqual(hosts.map(() => "Running"));
    expect((await systemPods("kube-dns")).map(({ status }) => status.phase)).toEqual(["Running", "Running"]);
    expect(await systemPods("kube-proxy")).toEqual([]);
  });

  test("answers requests from pod to pod across nodes, by service, by node port and by name", async () => {
    const { kubectl, hosts } = cluster();
    const [controlPlane, worker] = hosts;
    await kubectl.apply(workload(worker.name, controlPlane.name));
    await kubectl.run("wait", "--for=condition=Ready", "pod/server", "pod/client", "--timeout=120s");
    const server = await kubectl.json<PodList["items"][0]>("get", "pod", "server");
    const service = await kubectl.run("get", "service", "server", "-o", "jsonpath={.spec.clusterIP}");

    expect(await kubectl.exec("client", ...wget(`${server.status.podIP}:${PORT}`))).toBe("server");
    expect(await kubectl.exec("client", ...wget(service))).toBe("server");
    expect(await kubectl.exec("client", ...wget("server.default.svc.cluster.local"))).toBe("server");
    for (const { address } of hosts) {
      expect(await controlPlane.run(`curl -fsS --max-time 5 http://${address}:${NODE_PORT}`)).toBe("server");
    }
  });

  test("enforces a NetworkPolicy: the request that passed before it fails after it", async () => {
    const { kubectl } = cluster();
    expect(await kubectl.exec("client", ...wget("server"))).toBe("server");
    await kubectl.apply(DENY_ALL);
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === undefined, 30)).toBe(
      true,
    );
    await kubectl.run("delete", "networkpolicy", "deny-all");
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === "server", 30)).toBe(true);
  });

  test("is left alone by a second up: nothing changes, nobody logs in, the hosts stay as they were", async () => {
    const { stack } = cluster();
    const look = async (host: LabHost) => [await host.digest(), await host.logins()];
    const before = await overHosts(look);
    expect(await stack.plan()).toEqual([]);
    await stack.up();
    expect(await overHosts(look)).toEqual(before);
  });

  test("is found unchanged by a refresh, with one login per host", async () => {
    const { stack } = cluster();
    const before = await overHosts((host) => host.logins());
    await stack.refresh();
    expect(await overHosts((host) => host.logins())).toEqual(before.map((logins) => logins + 1));
    expect(await stack.plan()).toEqual([]);
  });

  test("previews as unchanged in an empty container, with the repository, the state and the passphrase alone", async () => {
    expect(await cluster().stack.planElsewhere()).toEqual([]);
  });

  test("has no bootstrap token left", async () => {
    const [controlPlane] = cluster().hosts;
    expect(await controlPlane.run("kubeadm token list -o jsonpath='{.token}'")).toBe("");
  });

  test("brings a restarted node back to Ready", async () => {
    const { kubectl, hosts } = cluster();
    const [, worker] = hosts;
    const before = await worker.leader();
    await worker.run("systemctl reboot");
    // systemd gives what doesn't end by itself a minute and a half.
    expect(await eventually(async () => (await worker.leader()) !== before, 240)).toBe(true);
    const restarted = new Date();
    expect(await eventually(async () => (await heartbeat(kubectl, worker.name)) > restarted, 180)).toBe(true);
    expect(await eventually(async () => (await readyNodes(kubectl)).includes(worker.name), 60)).toBe(true);
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === "server", 120)).toBe(
      true,
    );
  });
}
