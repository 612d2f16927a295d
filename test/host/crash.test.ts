import { killWhen } from "../harness/crash";
import { LabStack } from "../harness/lab-stack";
import { HOSTS_ONLY } from "../harness/targets";

jest.setTimeout(10 * 60_000);

let stack: LabStack;

beforeAll(async () => {
  stack = await LabStack.create({ name: "crs", roles: ["control-plane", "worker"] });
});

afterAll(async () => {
  await stack?.remove();
});

test("a run that is killed while it installs packages is repeated to the same end state", async () => {
  expect(await killWhen(stack, stack.machine(0), "^apt-get .*install", ...HOSTS_ONLY)).toBe(true);
  await stack.cancel();
  await stack.up(...HOSTS_ONLY);

  expect(await stack.plan(...HOSTS_ONLY)).toEqual([]);
  await stack.refresh();
  expect(await stack.plan(...HOSTS_ONLY)).toEqual([]);
  for (const machine of stack.machines) {
    expect(await machine.run("dpkg --audit")).toBe("");
    expect(await machine.run("ls /var/lib/homelab/claims")).toBe(
      ["base-packages", "containerd", "kernel-modules", "kubernetes-packages", "swap", "sysctls"]
        .map((step) => `${step}.json`)
        .join("\n"),
    );
  }
});
