import os from "node:os";
import { freePort } from "../harness/servers/free-port";
import { LabStack } from "../harness/stacks/lab-stack";

jest.setTimeout(5 * 60_000);

let stack: LabStack;

beforeAll(async () => {
  stack = await LabStack.create({ name: "bad", roles: ["control-plane", "worker"], mirror: false });
});

afterAll(async () => {
  await stack?.remove();
});

/** The messages are for the person at the terminal. */
const STACK_TRACE = /\n\s+at .*\.ts:\d+/;

async function made(): Promise<string[]> {
  return (await stack.resources()).map(({ type }) => type).filter((type) => type !== "pulumi:pulumi:Stack");
}

test("an up whose chart can't be fetched says which and where from, and makes nothing", async () => {
  const url = `http://127.0.0.1:${await freePort()}/charts`;
  await stack.change((settings) => {
    const mirrors = settings["homelab:mirrors"] as Record<string, unknown>;
    mirrors["charts"] = { name: "nowhere", url };
  });
  const failed = await stack.tryUp();

  expect(failed.exitCode).not.toBe(0);
  expect(failed.output).toContain(`fetching it from ${url} failed`);
  expect(failed.output).toContain("addons.cilium: chart cilium ");
  expect(failed.output).toContain("the setting mirrors.charts.url");
  expect(failed.output).not.toMatch(STACK_TRACE);
  expect(await made()).toEqual([]);
  expect(Object.keys(os.networkInterfaces())).not.toContain(stack.bridge);
});

test("an up with several wrong settings names each of them at once and makes nothing", async () => {
  await stack.change((settings) => {
    const [first, second] = settings["homelab:machines"].nodes;
    Object.assign(first ?? {}, { name: "Bad_Name", colour: "red" });
    Object.assign(second ?? {}, { address: first?.["address"], role: "manager" });
    settings["homelab:cluster"] = { kubernetesVersion: "1.2.3", podSubnet: "10.96.0.0/16" };
  });
  const failed = await stack.tryUp();

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
  expect(failed.output).not.toMatch(STACK_TRACE);
  expect(await made()).toEqual([]);
  expect(Object.keys(os.networkInterfaces())).not.toContain(stack.bridge);
});
