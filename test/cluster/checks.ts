import type { Finding } from "../../checks/finding";
import { findings } from "../harness/stacks/cluster-access";
import { eventually } from "../harness/eventually";
import type { Kubectl } from "../harness/api/kubectl";
import type { TestHost } from "../harness/machines/test-host";
import type { LabStack } from "../harness/stacks/lab-stack";
import { workload } from "../harness/api/workload";

/** A cluster that is up, and its hosts: the control plane first, then at least one worker. */
export interface ClusterUnderTest {
  stack: LabStack;
  hosts: [TestHost, TestHost, ...TestHost[]];
  kubectl: Kubectl;
}

export interface NodeList {
  items: {
    metadata: { name: string; labels: Record<string, string> };
    status: { conditions: { type: string; status: string; lastHeartbeatTime: string }[] };
  }[];
}

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

/** What these clusters have not: the internet, storage, and a repository. */
const NOT_HERE = ["DNS outside", "storage", "GitOps sync"];
const isSkipped = ({ status }: Finding): boolean => status === "skipped";

/** What every stack's cluster must pass, whatever its machines are: the tests of one `describe`. */
export function clusterChecks(cluster: () => ClusterUnderTest): void {
  const overHosts = <T>(look: (host: TestHost) => Promise<T>) => Promise.all(cluster().hosts.map(look));

  test("passes every check of `make check`, which leaves nothing behind", async () => {
    const { stack, kubectl } = cluster();
    const look = async () => [
      await kubectl.run("get", "namespaces,persistentvolumes", "-o", "name"),
      ...(await overHosts((host) => host.digest())),
    ];
    const before = await look();
    const found = await findings(stack);
    expect(found.filter(({ status }) => status !== "ok" && status !== "skipped")).toEqual([]);
    expect(NOT_HERE).toEqual(expect.arrayContaining(found.filter(isSkipped).map(({ subject }) => subject)));
    expect(await look()).toEqual(before);
  });

  test("has a node for each host, and no kube-proxy", async () => {
    const { kubectl, hosts } = cluster();
    expect(await readyNodes(kubectl)).toEqual(hosts.map(({ name }) => name));
    expect(await kubectl.run("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-proxy", "-o", "name")).toBe("");
  });

  test("is left alone by a second up: no change, no login, the hosts stay as they were", async () => {
    const { stack } = cluster();
    const look = async (host: TestHost) => [await host.digest(), await host.logins()];
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
    expect(await cluster().stack.planOnOtherWorkstation()).toEqual([]);
  });

  test("has no bootstrap token left", async () => {
    const [controlPlane] = cluster().hosts;
    expect(await controlPlane.run("kubeadm token list -o jsonpath='{.token}'")).toBe("");
  });
}

/** Starts a web server on the worker and a client on the control plane; they are in the namespace `default`. */
export async function startWorkload({ kubectl, hosts: [controlPlane, worker] }: ClusterUnderTest): Promise<void> {
  await kubectl.apply(workload(worker.name, controlPlane.name));
  await kubectl.run("wait", "--for=condition=Ready", "pod/server", "pod/client", "--timeout=120s");
  expect(await serves(kubectl)).toBe(true);
}

/** Whether the client of `startWorkload` reaches the server through the cluster's network. */
export async function serves(kubectl: Kubectl): Promise<boolean> {
  return (await kubectl.exec("client", "timeout", "3", "wget", "-q", "-O", "-", "http://server")) === "server";
}

/** One node restarts from within. Where other tests restart machines, they look for the same. */
export function restartCheck(cluster: () => ClusterUnderTest): void {
  test("brings a restarted node back to Ready, and its pods back to work", async () => {
    const { kubectl, hosts } = cluster();
    const [, worker] = hosts;
    await startWorkload(cluster());
    const before = await worker.boot();
    await worker.run("systemctl reboot");
    // systemd gives what doesn't end by itself a minute and a half.
    expect(await eventually(async () => (await worker.boot()) !== before, 240)).toBe(true);
    const restarted = new Date();
    expect(await eventually(async () => (await heartbeat(kubectl, worker.name)) > restarted, 180)).toBe(true);
    expect(await eventually(async () => (await readyNodes(kubectl)).includes(worker.name), 60)).toBe(true);
    expect(await eventually(() => serves(kubectl), 120)).toBe(true);
  });
}
