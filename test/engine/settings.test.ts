import os from "node:os";
import { LabStack } from "../harness/lab-stack";

jest.setTimeout(5 * 60_000);

let stack: LabStack;

beforeAll(async () => {
  stack = await LabStack.create({ name: "bad", roles: ["control-plane", "worker"], mirror: false });
});

afterAll(async () => {
  await stack?.remove();
});

const resources = async () =>
  (JSON.parse(await stack.exportedState()) as { deployment: { resources?: { type: string }[] } }).deployment
    .resources ?? [];

test("an up with several wrong settings names each of them at once and makes nothing", async () => {
  await stack.change((settings) => {
    const [first, second] = settings["homelab:machines"].nodes;
    Object.assign(first ?? {}, { name: "Bad_Name", colour: "red" });
    Object.assign(second ?? {}, { address: first?.["address"], role: "manager" });
    settings["homelab:cluster"] = { kubernetesVersion: "1.2.3", podSubnet: "10.96.0.0/16" };
  });
  const failed = await stack.pulumi("up", "--yes", "--skip-preview");

  expect(failed.exitCode).not.toBe(0);
  for (const path of [
    "machines.nodes[0].name",
    "machines.nodes[0].colour",
    "machines.nodes[1].address",
    "machines.nodes[1].role",
    "cluster.kubernetesVersion",
    "cluster.podSubnet",
  ]) {
    expect(failed.output).toContain(path);
  }
  // No stack trace: the message is for the person at the terminal.
  expect(failed.output).not.toMatch(/\n\s+at .*\.ts:\d+/);
  expect((await resources()).filter(({ type }) => type !== "pulumi:pulumi:Stack")).toEqual([]);
  expect(Object.keys(os.networkInterfaces())).not.toContain(stack.bridge);
});
