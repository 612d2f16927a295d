import { networkCheck } from "../../checks/network";
import { killOnce } from "../harness/stacks/crash";
import { faults } from "../harness/stacks/cluster-access";
import { eventually } from "../harness/eventually";
import { checkImage } from "../../versions";
import type { TestHost } from "../harness/machines/test-host";
import type { LabStack } from "../harness/stacks/lab-stack";
import { nameOf } from "../harness/stacks/stack-cli";
import { type ClusterUnderTest, readyNodes, serves, startWorkload } from "./checks";

/** A bootstrap token: six and sixteen characters. */
const JOIN_TOKEN = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/;
const CA = "/etc/kubernetes/pki/ca.crt";
const STATE = "/var/lib/homelab/kubeadm";

/** A kubelet that does nothing in its first two minutes. */
const SLOW_KUBELET = `mkdir -p /etc/systemd/system/kubelet.service.d
cat >/etc/systemd/system/kubelet.service.d/90-slow.conf <<'EOF'
[Service]
ExecStart=
ExecStart=/bin/sh -c "sleep 120; exec /usr/bin/kubelet $$KUBELET_KUBECONFIG_ARGS $$KUBELET_CONFIG_ARGS $$KUBELET_KUBEADM_ARGS"
EOF
systemctl daemon-reload`;

/**
 * Faults that need a cluster: joins that die, networks that change, runs that come again. The joins are those of a further
 * worker. In the end the cluster is gone.
 */
export function clusterFaults(cluster: () => ClusterUnderTest): void {
  let stack: LabStack;
  let controlPlane: TestHost;
  /** The new worker. */
  let worker: TestHost;

  beforeAll(async () => {
    ({ stack } = cluster());
    await stack.change((settings) => {
      const { nodes } = settings["homelab:machines"];
      const address = (nodes[1]?.["address"] as string).replace(/\d+$/, "13");
      nodes.push({ role: "worker", name: `${stack.name}-3`, address });
    });
    [controlPlane, worker] = [stack.machine(0), stack.machine(2)];
  });

  const kubectl = () => cluster().kubectl;
  const allReady = async () => (await readyNodes(kubectl())).join() === names().join();
  const names = () => stack.machines.map(({ name }) => name);
  const caOf = (machine: TestHost) => machine.run(`sha256sum ${CA}`);
  const tokens = () => controlPlane.run("kubeadm token list -o jsonpath='{.token}{\"\\n\"}'");
  const internalAddress = async (node: string) =>
    kubectl().run("get", "node", node, "-o", `jsonpath={.status.addresses[?(@.type=="InternalIP")].address}`);

  test("join-partial: a join that is killed leaves a node that is not finished", async () => {
    const joins = () => worker.succeeds("pgrep -f '^kubeadm join'");
    expect(await killOnce(stack, joins)).toBe(true);
    await worker.run("pkill -KILL -f '^kubeadm join' || true");
    expect((await stack.cancel()).exitCode).toBe(0);
    expect(await worker.run(`ls ${STATE}`)).toContain("joining");
  });

  test("api-unreachable-join: a node that can't reach the API server ends in an error that names the address", async () => {
    await worker.run("iptables -I OUTPUT -p tcp --dport 6443 -j DROP");
    const start = Date.now();
    const failed = await stack.tryUp();
    await worker.run("iptables -D OUTPUT -p tcp --dport 6443 -j DROP");
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(
      `${worker.name}: kubeadm-join: the API server at ${controlPlane.address}:6443 can't be reached`,
    );
    expect(Date.now() - start).toBeLessThan(4 * 60_000);
  });

  test("slow-host: a join whose kubelet takes longer than the limit ends with what to do", async () => {
    const { kubeadm } = stack.settings["homelab:cluster"] as { kubeadm: { timeouts?: object } };
    await worker.run(SLOW_KUBELET);
    await stack.change(() => (kubeadm.timeouts = { kubeletHealthCheck: "10s" }));
    const failed = await stack.tryUp();
    await stack.change(() => delete kubeadm.timeouts);
    await worker.run("rm -r /etc/systemd/system/kubelet.service.d; systemctl daemon-reload");
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(`${worker.name}: kubeadm-join: 'kubeadm join' failed`);
    expect(failed.output).toContain("run pulumi up again: it takes back what is there and begins again");
    expect(await worker.run(`ls ${STATE}; systemctl is-active kubelet`)).toMatch(/joining[^]*\nactive$/);
  });

  test("slow-host, join-partial, join-token-expired: the next run joins the node, though the token of the first is gone", async () => {
    await controlPlane.run(
      "for id in $(kubeadm token list -o jsonpath='{.token}' | cut -d. -f1); do kubeadm token delete $id; done",
    );
    await stack.up();
    expect(await eventually(allReady, 120)).toBe(true);
    expect(await kubectl().run("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")).toBe(names().join(" "));
    expect(await tokens()).toBe("");
    expect(await stack.exportedState()).not.toMatch(JOIN_TOKEN);
    expect(await stack.plan()).toEqual([]);
  });

  test("multi-NIC/IP-changed: a node with a second network keeps the address of the inventory", async () => {
    await worker.run(`ip link add second type bridge; ip address add 10.91.251.7/24 dev second; ip link set second up
systemctl restart kubelet`);
    expect(
      await eventually(
        () =>
          worker.succeeds(
            "journalctl -u kubelet --since -20s | grep -q 'Successfully registered node\\|Node was previously registered'",
          ),
        60,
      ),
    ).toBe(true);
    expect(await internalAddress(worker.name)).toBe(worker.address);
    await worker.run("ip link delete second");
  });

  test("multi-NIC/IP-changed: another address in the inventory is planned as a new machine that joins", async () => {
    const node = stack.settings["homelab:machines"].nodes[2] ?? {};
    await stack.change(() => Object.assign(node, { address: worker.address.replace(/\d+$/, "77") }));
    const plan = await stack.plan();
    await stack.change(() => Object.assign(node, { address: worker.address }));
    const replaced = plan.filter(({ op }) => op === "replace").map(({ name }) => name);
    expect(replaced).toEqual(expect.arrayContaining([worker.name, `${worker.name}-join`]));
    expect(replaced).not.toContain(controlPlane.name);
    expect(await stack.plan()).toEqual([]);
  });

  test("multi-NIC/IP-changed: another address of the control plane is refused in the preview, with what to do", async () => {
    const node = stack.settings["homelab:machines"].nodes[0] ?? {};
    await stack.change(() => Object.assign(node, { address: controlPlane.address.replace(/\d+$/, "78") }));
    const preview = await stack.pulumi("preview");
    await stack.change(() => Object.assign(node, { address: controlPlane.address }));
    expect(preview.exitCode).not.toBe(0);
    expect(preview.output).toContain(`${controlPlane.name}: another address means another machine`);
    expect(preview.output).toContain("make down, then make up");
    expect(await stack.plan()).toEqual([]);
  });

  describe("kubeadm init is asked for again", () => {
    let ca: string;
    let urn: string;

    beforeAll(async () => {
      ca = await caOf(controlPlane);
      urn = (await stack.resources()).find((resource) => nameOf(resource).endsWith("-control-plane-init"))?.urn ?? "";
    });

    afterEach(async () => {
      expect(await caOf(controlPlane)).toBe(ca);
      expect(await kubectl().run("get", "--raw", "/readyz")).toBe("ok");
    });

    test("init-twice / kill-9-during-init: a healthy cluster is left as it is", async () => {
      const replaced = await stack.tryUp("--replace", urn);
      expect(replaced.exitCode).toBe(0);
      expect(await stack.plan()).toEqual([]);
    });

    test("init-twice / kill-9-during-init: a cluster that this program did not make is refused, and lives on", async () => {
      await controlPlane.run(`mv ${STATE} ${STATE}.aside`);
      const refused = await stack.tryUp("--replace", urn);
      await controlPlane.run(`rm -rf ${STATE}; mv ${STATE}.aside ${STATE}`);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.output).toContain("there is a Kubernetes node that this program did not make");
      await stack.up();
      expect(await stack.plan()).toEqual([]);
    });
  });

  test("a worker that is replaced is deleted, recreated, and joins", async () => {
    const node = () => kubectl().run("get", "node", worker.name, "-o", "jsonpath={.metadata.uid}");
    const before = await node();
    const { exitCode, output } = await stack.tryUp("--replace", `**:Machine::${worker.name}`);
    expect(exitCode === 0 ? "" : output).toBe("");
    expect(await node()).not.toBe(before);
    expect(await eventually(allReady, 120)).toBe(true);
    expect(await stack.plan()).toEqual([]);
  });

  test("drill-restart: all machines restart at once, and the cluster comes back by itself, with its pods", async () => {
    await startWorkload(cluster());
    const client = kubectl();
    const boots = await Promise.all(stack.machines.map((machine) => machine.boot()));
    await Promise.all(stack.machines.map((machine) => machine.run("systemctl reboot").catch(() => undefined)));
    const restarted = async () =>
      (await Promise.all(stack.machines.map((machine) => machine.boot()))).every(
        (boot, index) => boot !== boots[index],
      );
    expect(await eventually(restarted, 120)).toBe(true);
    expect(await eventually(async () => (await client.run("get", "--raw", "/readyz")) === "ok", 180)).toBe(true);

    const dns = [
      "-n",
      "kube-system",
      "get",
      "pods",
      "-l",
      "k8s-app=kube-dns",
      "-o",
      `jsonpath={range .items[*]}{.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}`,
    ];
    // What the API said before the restart still stands there for a while: a new pod is proof that the nodes work.
    await client.run(
      "run",
      "after",
      `--image=${checkImage}`,
      "--restart=Never",
      "--",
      "nslookup",
      "kubernetes.default.svc.cluster.local",
    );
    expect(
      await eventually(
        async () => (await client.run("get", "pod", "after", "-o", "jsonpath={.status.phase}")) === "Succeeded",
        240,
      ),
    ).toBe(true);
    expect(await eventually(allReady, 120)).toBe(true);
    expect((await client.run(...dns)).match(/ True$/gm)).toHaveLength(2);
    expect(await eventually(() => serves(client), 120)).toBe(true);
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
  });

  test("Cilium switched off and on again in a running cluster: each is planned as such, and pods reach each other again", async () => {
    const switchTo = async (enabled: boolean) => {
      await stack.change((settings) => {
        const addons = settings["homelab:addons"] as { cilium: object };
        Object.assign(addons.cilium, { enabled });
      });
      const plan = await stack.planned();
      await stack.up();
      return plan;
    };
    const agents = async () => kubectl().run("-n", "kube-system", "get", "pods", "-l", "k8s-app=cilium", "-o", "name");
    expect(await switchTo(false)).toContain("delete cilium-release");
    expect(await agents()).toBe("");
    expect(await switchTo(true)).toContain("create cilium-release");
    expect((await agents()).split("\n")).toHaveLength(names().length);
    expect(await eventually(async () => (await faults(stack, [networkCheck])).length === 0, 180)).toBe(true);
    expect(await stack.plan()).toEqual([]);
  });

  test("destroy-host-gone / API gone: is destroyed when its machines are already gone", async () => {
    await Promise.all(stack.machines.map((machine) => machine.run("systemctl poweroff")));
    await stack.destroy();
  });
}
