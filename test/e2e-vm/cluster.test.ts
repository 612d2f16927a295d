import { existsSync } from "node:fs";
import { findings } from "../harness/stacks/cluster-access";
import { eventually } from "../harness/eventually";
import { Kubectl } from "../harness/api/kubectl";
import { LabStack } from "../harness/stacks/lab-stack";
import { accelerator } from "../harness/machines/vm-accelerator";
import { differences } from "../harness/machines/test-host";
import type { VmHost } from "../harness/machines/vm-host";
import { OWN_SWAP, titleOf, VmHosts } from "../harness/machines/vm-hosts";
import { vmTreeOf, whyNoVms } from "../harness/machines/vm-tree";
import { readyNodes } from "../cluster/checks";

jest.setTimeout(30 * 60_000);

/** Emulated, the API server needs minutes to start, and its own probes end it before. */
function whyNoCluster(): string | undefined {
  const missing = whyNoVms();
  if (missing) return missing;
  const { kernel } = vmTreeOf("trixie");
  if (!existsSync(kernel)) return "whether KVM works here is not known yet: run `make e2e-vm`";
  const how = accelerator(kernel);
  return how.kind === "kvm" ? undefined : `machines are emulated here, which is too slow for an API server: ${how.why}`;
}

const missing = whyNoCluster();
// The report shows the reason.
const onVm = missing ? describe.skip : describe;
if (missing) process.stderr.write(`no cluster on machines with a kernel of their own: ${missing}\n`);

const isWrong = ({ status }: { status: string }) => status !== "ok" && status !== "skipped";

let hosts: VmHosts;
let host: VmHost;
let stack: LabStack;
let kubectl: Kubectl;
let before: string;

onVm(titleOf("a cluster of one node with a kernel of its own (Debian 13)", missing), () => {
  beforeAll(async () => {
    hosts = await VmHosts.create("vmc", [{ release: "trixie", memory: 6144 }]);
    host = hosts.host(0);
    await host.run(OWN_SWAP);
    before = await host.digest();
    stack = await LabStack.create({ name: "vmc", roles: ["control-plane"], hosts });
    await stack.up();
    kubectl = await Kubectl.of(stack);
  });

  afterAll(async () => {
    try {
      await stack?.remove();
    } finally {
      await hosts?.remove();
    }
  });

  test("is Ready, and passes every check of `make check`", async () => {
    expect(await readyNodes(kubectl)).toEqual([host.name]);
    expect((await findings(stack)).filter(isWrong)).toEqual([]);
    expect(await stack.plan()).toEqual([]);
  });

  test("drill-restart: comes back by itself, without swap, and passes the checks again", async () => {
    await host.restart();
    expect(await host.run("swapon --noheadings --show=NAME")).toBe("");
    const isReady = async () => (await readyNodes(kubectl)).includes(host.name);
    expect(await eventually(isReady, 300)).toBe(true);
    expect(await eventually(async () => !(await findings(stack)).some(isWrong), 300)).toBe(true);
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
  });

  test("drill-clean-destroy: leaves the host as it was", async () => {
    await stack.destroy();
    expect(differences(before, await host.digest())).toEqual([]);
  });
});
