import { nodeSteps } from "../../components/node/prepare-nodes";
import { stepsOf } from "../../components/node/steps";
import { undoScript } from "../../providers/machines/metal/undo-script";
import { type BareHost, BareHosts, onHost } from "../harness/machines/bare-hosts";
import { differences } from "../harness/machines/test-host";
import { versions } from "../../versions";

jest.setTimeout(10 * 60_000);

let hosts: BareHosts;
let host: BareHost;
let before: string;

beforeAll(async () => {
  hosts = await BareHosts.create("d13", 1, { mirror: true, release: "trixie" });
  host = hosts.host(0);
  before = await host.machine.digest();
});

afterAll(async () => {
  await hosts?.remove();
});

/** Runs all steps, and answers what they said. */
async function prepare(): Promise<string> {
  let said = "";
  for (const { name } of stepsOf({ sharedKernel: true, iscsi: false }, nodeSteps(hosts.settings))) {
    said += (await hosts.step(host, name)).stdout;
  }
  return said;
}

describe("a machine of the lab with Debian 13", () => {
  test("boots without a failed unit, whichever cgroup version the workstation has", async () => {
    expect(await host.machine.run("sed 's/[.].*//' /etc/debian_version; systemctl is-system-running")).toBe(
      "13\nrunning",
    );
  });

  test("gets all steps, and a second run of them changes nothing", async () => {
    await prepare();
    expect(await host.machine.run("kubeadm version -o short; systemctl is-active containerd")).toBe(
      `v${versions.kubernetes}\nactive`,
    );
    expect(await host.machine.run("crictl info | grep -c RuntimeReady")).toBe("1");
    const prepared = await host.machine.digest();
    expect(await prepare()).toBe("");
    // Each run of a step leaves its id beside what it expects.
    const changed = differences(prepared, await host.machine.digest());
    expect(changed.filter((line) => !line.includes("/var/lib/homelab/expected/"))).toEqual([]);
  });

  test("is by the removal what it was before its first step", async () => {
    await onHost(host, undoScript(host.target.name), "undoing");
    expect(differences(before, await host.machine.digest())).toEqual([]);
  });
});
