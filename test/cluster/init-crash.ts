import { seededRandom } from "../harness/seeded-random";
import { killOnce } from "../harness/stacks/crash";
import { checkImage } from "../../versions";
import { Kubectl } from "../harness/api/kubectl";
import type { LabStack } from "../harness/stacks/lab-stack";

/** What shows on the machine that `kubeadm init` has come to a phase. */
const PHASES = [
  "pgrep -f '^kubeadm init'",
  "ls /etc/kubernetes/manifests/etcd.yaml",
  "ls /var/lib/kubelet/config.yaml",
];
const LONGEST_DELAY_MS = 2_000;

/** The first runs of a stack of one machine: after these tests its cluster is up. */
export function initCrashes(stackUnderTest: () => LabStack): void {
  test("init-twice / kill-9-during-init: it is killed in one phase after the other, and begins again each time", async () => {
    const stack = stackUnderTest();
    const [machine, random] = [stack.machine(0), seededRandom()];
    for (const trace of PHASES) {
      expect(await killOnce(stack, () => machine.succeeds(trace), { delayMs: random() * LONGEST_DELAY_MS })).toBe(true);
      // Else it would come to its end without the run that started it, which is another case.
      if (random() < 0.7) await machine.run("pkill -KILL -x kubeadm || true");
      await stack.cancel();
    }
  });

  test("init-twice / kill-9-during-init: one more run makes one initialised cluster", async () => {
    const stack = stackUnderTest();
    await stack.up();

    const kubectl = await Kubectl.of(stack);
    expect(await kubectl.run("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")).toBe(stack.machine(0).name);
    // An API server that was made twice would have left the certificate authority of the first behind in the kubeconfig.
    expect(await kubectl.run("get", "--raw", "/readyz")).toBe("ok");
    expect(await stack.machine(0).run("pgrep -xc etcd")).toBe("1");
    expect(await stack.plan()).toEqual([]);
  });

  test("runs ordinary pods on its control plane", async () => {
    const kubectl = await Kubectl.of(stackUnderTest());
    await kubectl.run("run", "guest", `--image=${checkImage}`, "--restart=Never", "--", "sleep", "3600");
    await kubectl.run("wait", "--for=condition=Ready", "pod/guest", "--timeout=120s");
    await kubectl.run("delete", "pod", "guest", "--now");
  });
}
