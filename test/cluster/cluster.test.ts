import { eventually } from "../harness/eventually";
import { Kubectl } from "../harness/kubectl";
import type { LabMachine } from "../harness/lab-machine";
import { LabStack } from "../harness/lab-stack";
import { DENY_ALL, NODE_PORT, PORT, workload } from "./workload";

jest.setTimeout(15 * 60_000);

interface NodeList {
  items: {
    metadata: { name: string; labels: Record<string, string> };
    status: { conditions: { type: string; status: string }[] };
  }[];
}
interface PodList {
  items: { metadata: { name: string; labels: Record<string, string> }; status: { phase: string; podIP: string } }[];
}

let stack: LabStack;
let kubectl: Kubectl;
let controlPlane: LabMachine;
let worker: LabMachine;

beforeAll(async () => {
  stack = await LabStack.create({
    name: "e2e",
    roles: ["control-plane", "worker"],
    change: (settings) => {
      Object.assign(settings["homelab:machines"].nodes[1] ?? {}, { labels: { "e2e/disk": "fast" } });
    },
  });
  await stack.up();
  kubectl = await Kubectl.of(stack);
  controlPlane = stack.machine(0);
  worker = stack.machine(1);
});

afterAll(async () => {
  await stack?.remove();
});

async function readyNodes(): Promise<string[]> {
  const { items } = await kubectl.json<NodeList>("get", "nodes");
  return items
    .filter(({ status }) => status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"))
    .map(({ metadata }) => metadata.name);
}

async function systemPods(app: string): Promise<PodList["items"]> {
  return (await kubectl.json<PodList>("-n", "kube-system", "get", "pods", "-l", `k8s-app=${app}`)).items;
}

const wget = (host: string) => ["wget", "-q", "-T", "3", "-O", "-", `http://${host}`];

describe("a cluster of one control plane and one worker", () => {
  test("has every node Ready, CoreDNS and Cilium running, and no kube-proxy", async () => {
    expect(await readyNodes()).toEqual(stack.machines.map(({ name }) => name));
    expect((await systemPods("cilium")).map(({ status }) => status.phase)).toEqual(["Running", "Running"]);
    expect((await systemPods("kube-dns")).map(({ status }) => status.phase)).toEqual(["Running", "Running"]);
    expect(await systemPods("kube-proxy")).toEqual([]);
  });

  test("gives nodes the labels of the inventory", async () => {
    const node = await kubectl.json<NodeList["items"][0]>("get", "node", worker.name);
    expect(node.metadata.labels).toMatchObject({ "e2e/disk": "fast", "node-role.kubernetes.io/worker": "" });
  });

  test("answers requests from pod to pod across nodes, by service, by node port and by name", async () => {
    await kubectl.apply(workload(worker.name, controlPlane.name));
    await kubectl.run("wait", "--for=condition=Ready", "pod/server", "pod/client", "--timeout=120s");
    const server = await kubectl.json<PodList["items"][0]>("get", "pod", "server");
    const service = await kubectl.run("get", "service", "server", "-o", "jsonpath={.spec.clusterIP}");

    expect(await kubectl.exec("client", ...wget(`${server.status.podIP}:${PORT}`))).toBe("server");
    expect(await kubectl.exec("client", ...wget(service))).toBe("server");
    expect(await kubectl.exec("client", ...wget("server.default.svc.cluster.local"))).toBe("server");
    for (const machine of stack.machines) {
      expect(await controlPlane.run(`curl -fsS --max-time 5 http://${machine.address}:${NODE_PORT}`)).toBe("server");
    }
  });

  test("enforces a NetworkPolicy: the request that passed before it fails after it", async () => {
    expect(await kubectl.exec("client", ...wget("server"))).toBe("server");
    await kubectl.apply(DENY_ALL);
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === undefined, 30)).toBe(
      true,
    );
    await kubectl.run("delete", "networkpolicy", "deny-all");
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === "server", 30)).toBe(true);
  });

  test("is left alone by a second up: nothing changes, nobody logs in, the hosts stay as they were", async () => {
    const before = await Promise.all(
      stack.machines.map(async (machine) => [await machine.digest(), await machine.logins()]),
    );
    expect(await stack.plan()).toEqual([]);
    await stack.up();
    const after = await Promise.all(
      stack.machines.map(async (machine) => [await machine.digest(), await machine.logins()]),
    );
    expect(after).toEqual(before);
  });

  test("is found unchanged by a refresh, with one login per host", async () => {
    const before = await Promise.all(stack.machines.map((machine) => machine.logins()));
    await stack.refresh();
    const after = await Promise.all(stack.machines.map((machine) => machine.logins()));
    expect(after).toEqual(before.map((logins) => logins + 1));
    expect(await stack.plan()).toEqual([]);
  });

  test("has no bootstrap token left", async () => {
    expect(await controlPlane.run("kubeadm token list -o jsonpath='{.token}'")).toBe("");
  });

  test("brings a restarted node back to Ready", async () => {
    await worker.run("systemctl reboot");
    expect(await eventually(async () => !(await readyNodes()).includes(worker.name), 120)).toBe(true);
    expect(await eventually(async () => (await readyNodes()).includes(worker.name), 180)).toBe(true);
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === "server", 120)).toBe(
      true,
    );
  });
});
