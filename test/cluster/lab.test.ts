import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { load } from "js-yaml";
import { Kubectl } from "../harness/api/kubectl";
import { LabStack } from "../harness/stacks/lab-stack";
import { secondsToReady } from "../harness/api/ready-time";
import { leaksInFolder, leaksInText, lineOfKey, ProcessWatch, type Secret } from "../harness/stacks/secret-search";
import { checkCommand } from "./check-command";
import { cisChecks } from "./cis";
import { clusterChecks, type ClusterUnderTest, type NodeList } from "./checks";
import { clusterFaults } from "./faults";

jest.setTimeout(15 * 60_000);

const NODES_READY_BUDGET_SECONDS = 40;
/** A bootstrap token: six and sixteen characters. */
const JOIN_TOKEN = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/;

let stack: LabStack;
let cluster: ClusterUnderTest;
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
  cluster = { stack, hosts: [stack.machine(0), stack.machine(1)], kubectl: await Kubectl.of(stack) };
});

afterAll(async () => {
  await stack?.remove();
});

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

describe("the stack lab: a cluster of one control plane and one worker", () => {
  test("has every node Ready soon after kubeadm is done", async () => {
    const seconds = await secondsToReady(stack.machines, cluster.kubectl);
    process.stderr.write(`from kubeadm done to all nodes Ready: ${seconds.toFixed(0)} s\n`);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(NODES_READY_BUDGET_SECONDS);
  });

  test("gives nodes the labels of the inventory", async () => {
    const node = await cluster.kubectl.json<NodeList["items"][0]>("get", "node", cluster.hosts[1].name);
    expect(node.metadata.labels).toMatchObject({ "e2e/disk": "fast", "node-role.kubernetes.io/worker": "" });
  });

  test("context-names: cluster, context and user of its kubeconfig carry its name", async () => {
    const name = `homelab-${stack.name}`;
    expect(await cluster.kubectl.run("config", "current-context")).toBe(name);
    const context = "jsonpath={.contexts[0].context.cluster} {.contexts[0].context.user}";
    expect(await cluster.kubectl.run("config", "view", "-o", context)).toBe(`${name} ${name}-admin`);
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

  clusterChecks(() => cluster);

  checkCommand(() => cluster);

  cisChecks(() => cluster.hosts);

  describe("meets faults", () => clusterFaults(() => cluster));
});
