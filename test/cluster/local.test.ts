import { eventually } from "../harness/eventually";
import { Kubectl } from "../harness/api/kubectl";
import { LabStack } from "../harness/stacks/lab-stack";
import { MultipassHosts, whyNoFakeMultipass } from "../harness/machines/multipass-hosts";
import { clusterChecks, type ClusterUnderTest, readyNodes, serves, startWorkload } from "./checks";

jest.setTimeout(15 * 60_000);

const missing = whyNoFakeMultipass();
// The report shows the reason.
const onVms = missing ? describe.skip : describe;
const title = `the stack local: a cluster on VMs of Multipass${missing ? ` (skipped: ${missing})` : ""}`;

let multipass: MultipassHosts;
let stack: LabStack;
let cluster: ClusterUnderTest;

onVms(title, () => {
  beforeAll(async () => {
    multipass = await MultipassHosts.create("e2l");
    stack = await LabStack.create({ name: "e2l", roles: ["control-plane", "worker"], multipass });
    await stack.up();
    const [first, second] = stack.settings["homelab:machines"].nodes.map(({ name }) => name as string);
    const hosts: ClusterUnderTest["hosts"] = [await multipass.host(first ?? ""), await multipass.host(second ?? "")];
    cluster = { stack, hosts, kubectl: await Kubectl.of(stack) };
  });

  afterAll(async () => {
    try {
      await stack?.remove();
    } finally {
      await multipass?.remove();
    }
  });

  clusterChecks(() => cluster);

  test("plans more memory for a VM as one update, after which the cluster is Ready again with what it had", async () => {
    const { kubectl, hosts } = cluster;
    const [, worker] = hosts;
    await startWorkload(cluster);
    const before = await worker.boot();
    await stack.change((settings) => {
      Object.assign(settings["homelab:machines"].nodes[1] ?? {}, { memory: "5G" });
    });
    expect(await stack.planned()).toEqual([`update ${worker.name}-condition`]);
    await stack.up();
    expect(await worker.boot()).not.toBe(before);
    const info = JSON.parse(await multipass.multipass("info", worker.name, "--format", "json")) as {
      info: Record<string, { memory: { total: number } }>;
    };
    expect(info.info[worker.name]?.memory.total).toBe(5 * 1024 ** 3);
    const names = hosts.map(({ name }) => name);
    expect(await eventually(async () => (await readyNodes(kubectl)).join() === names.join(), 180)).toBe(true);
    expect(await eventually(() => serves(kubectl), 120)).toBe(true);
    expect(await stack.plan()).toEqual([]);
  });

  test("ends with a destroy that leaves no VM", async () => {
    expect(await multipass.names()).toEqual(cluster.hosts.map(({ name }) => name));
    await stack.destroy();
    expect(await multipass.names()).toEqual([]);
  });
});
