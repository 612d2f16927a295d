import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { load } from "js-yaml";
import { eventually } from "../harness/eventually";
import { Kubectl } from "../harness/kubectl";
import type { LabMachine } from "../harness/lab-machine";
import { LabStack } from "../harness/lab-stack";
import { leaksInFolder, leaksInText, lineOfKey, ProcessWatch, type Secret } from "../harness/secret-search";
import { DENY_ALL, NODE_PORT, PORT, workload } from "./workload";

jest.setTimeout(15 * 60_000);

/** A bootstrap token: six and sixteen characters. */
const JOIN_TOKEN = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/;

interface NodeList {
  items: {
    metadata: { name: string; labels: Record<string, string> };
    status: { conditions: { type: string; status: string; lastHeartbeatTime: string }[] };
  }[];
}
interface PodList {
  items: { metadata: { name: string; labels: Record<string, string> }; status: { phase: string; podIP: string } }[];
}

let stack: LabStack;
let kubectl: Kubectl;
let controlPlane: LabMachine;
let worker: LabMachine;
/** What the first run printed, and every command line that was seen while it ran. */
let firstRun: { output: string; commandLines: string };

beforeAll(async () => {
  stack = await LabStack.create({
    name: "e2e",
    roles: ["control-plane", "worker"],
    change: (settings) => {
      Object.assign(settings["homelab:machines"].nodes[1] ?? {}, { labels: { "e2e/disk": "fast" } });
    },
  });
  const watch = new ProcessWatch();
  const { output } = await stack.up();
  firstRun = { output, commandLines: await watch.stop() };
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

/** When the node's kubelet last said how it is. */
async function heartbeat(machine: LabMachine): Promise<Date> {
  const { status } = await kubectl.json<NodeList["items"][0]>("get", "node", machine.name);
  return new Date(status.conditions.find(({ type }) => type === "Ready")?.lastHeartbeatTime ?? 0);
}

async function systemPods(app: string): Promise<PodList["items"]> {
  return (await kubectl.json<PodList>("-n", "kube-system", "get", "pods", "-l", `k8s-app=${app}`)).items;
}

/** Everything that must not be seen: the program's private keys and the kubeconfig's, and the passphrase of the state. */
async function secretsOf(lab: LabStack): Promise<Secret[]> {
  const kubeconfig = load(await lab.output<string>("kubeconfig")) as {
    users: { user: { "client-key-data": string } }[];
  };
  const clientKey = kubeconfig.users[0]?.user["client-key-data"] ?? "";
  const keys = (await lab.privateKeys()).map((pem, index) => ({ name: `ssh key ${index + 1}`, value: lineOfKey(pem) }));
  expect(keys).toHaveLength(lab.machines.length + 1);
  return [
    ...keys,
    { name: "kubeconfig", value: clientKey.slice(40, 120) },
    { name: "key of the kubeconfig", value: lineOfKey(Buffer.from(clientKey, "base64").toString()) },
    { name: "passphrase", value: lab.passphrase },
  ];
}

const wget = (host: string) => ["timeout", "3", "wget", "-q", "-O", "-", `http://${host}`];

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

  test("keeps its secrets out of state, output and command lines, and the search would find a leak", async () => {
    const secrets = await secretsOf(stack);
    const places = {
      "output of up": firstRun.output,
      "command lines": firstRun.commandLines,
      preview: await stack.previewText(),
      "preview as JSON": (await stack.pulumi("preview", "--json")).output,
      // From -v=3 on the engine itself writes its messages whole, secrets in clear: docs/security.md warns of that.
      "verbose log": (await stack.pulumi("preview", "--logtostderr", "-v=1")).output,
    };
    const search = async () => [
      ...Object.entries(places).flatMap(([place, text]) => leaksInText(place, text, secrets)),
      ...(await leaksInFolder(path.join(stack.folder, ".pulumi"), secrets)),
    ];
    expect(await search()).toEqual([]);
    expect(`${firstRun.output}${firstRun.commandLines}${await stack.exportedState()}`).not.toMatch(JOIN_TOKEN);

    const planted = path.join(stack.folder, ".pulumi", "planted");
    await writeFile(planted, `{"key":${JSON.stringify(secrets.map(({ value }) => value).join("\n"))}}`);
    expect(await search()).toEqual(secrets.map(({ name }) => `${name} in planted`));
    await rm(planted);
  });

  test("brings a restarted node back to Ready", async () => {
    const before = await worker.leader();
    await worker.run("systemctl reboot");
    expect(await eventually(async () => (await worker.leader()) !== before, 90)).toBe(true);
    const restarted = new Date();
    expect(await eventually(async () => (await heartbeat(worker)) > restarted, 180)).toBe(true);
    expect(await eventually(async () => (await readyNodes()).includes(worker.name), 60)).toBe(true);
    expect(await eventually(async () => (await kubectl.exec("client", ...wget("server"))) === "server", 120)).toBe(
      true,
    );
  });
});
