import { killWhen } from "../harness/crash";
import { Kubectl } from "../harness/kubectl";
import { LabStack } from "../harness/lab-stack";

jest.setTimeout(15 * 60_000);

let stack: LabStack;

beforeAll(async () => {
  stack = await LabStack.create({ name: "one", roles: ["control-plane"] });
});

afterAll(async () => {
  await stack?.remove();
});

describe("a cluster of one machine", () => {
  test("that is killed inside kubeadm init is brought to one initialised cluster by the next up", async () => {
    expect(await killWhen(stack, stack.machine(0), "^kubeadm init")).toBe(true);
    await stack.cancel();
    await stack.up();

    const kubectl = await Kubectl.of(stack);
    expect(await kubectl.run("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")).toBe(stack.machine(0).name);
    // An API server that was made twice would have left the certificate authority of the first behind in the kubeconfig.
    expect(await kubectl.run("get", "--raw", "/readyz")).toBe("ok");
    expect(await stack.machine(0).run("pgrep -xc etcd")).toBe("1");
    expect(await stack.plan()).toEqual([]);
  });

  test("runs ordinary pods on its control plane", async () => {
    const kubectl = await Kubectl.of(stack);
    await kubectl.run("run", "guest", "--image=lab.homelab/busybox:1.36", "--restart=Never", "--", "sleep", "3600");
    await kubectl.run("wait", "--for=condition=Ready", "pod/guest", "--timeout=120s");
  });

  test("is destroyed when its machine is already gone", async () => {
    await stack.machine(0).run("systemctl poweroff");
    await stack.destroy();
  });
});
