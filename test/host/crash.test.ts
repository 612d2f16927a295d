import { killWhen } from "../harness/crash";
import { LabStack } from "../harness/lab-stack";
import { HOSTS_PROGRAM } from "./hosts";

jest.setTimeout(10 * 60_000);

let stack: LabStack;

beforeAll(async () => {
  stack = await LabStack.create({ name: "crs", roles: ["control-plane", "worker"], program: HOSTS_PROGRAM });
});

afterAll(async () => {
  await stack?.remove();
});

test("a run that is killed while it installs packages is repeated to the same end state", async () => {
  expect(await killWhen(stack, stack.machine(0), "^apt-get .*install")).toBe(true);
  await stack.cancel();
  await stack.up();

  expect(await stack.plan()).toEqual([]);
  await stack.refresh();
  expect(await stack.plan()).toEqual([]);
  for (const machine of stack.machines) {
    expect(await machine.run("dpkg --audit")).toBe("");
    expect(await machine.run("ls /var/lib/homelab/claims")).toBe(
      ["base-packages", "containerd", "kernel-modules", "kubernetes-packages", "swap", "sysctls"]
        .map((step) => `${step}.json`)
        .join("\n"),
    );
  }
});
