import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { agentSocketPath } from "../../../components/remote/agent-socket";
import type { Connection, Machine } from "../../../providers/machines/machine";
import { type Drift, driftReason, withDrift } from "../../../components/remote/drift";
import { RemoteStep } from "../../../components/remote/remote-step";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
const registered: Registered[] = [];

void pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    registered.push({ type, name, inputs: inputs as Record<string, unknown> });
    return { id: `${name}-id`, state: inputs as object };
  },
  call: () => ({}),
});

class Stand extends pulumi.ComponentResource {
  constructor() {
    super("test:index:Stand", "cp1");
    this.registerOutputs();
  }
}

function machine(connection: Partial<Connection>): Machine {
  return {
    name: "cp1",
    role: "control-plane",
    address: "10.0.0.11",
    connection: {
      host: "10.0.0.11",
      port: 22,
      user: "homelab",
      privateKey: pulumi.secret("PRIVATE"),
      hostKey: "ssh-ed25519 AAAA",
      ...connection,
    },
    incarnation: pulumi.output("i1"),
    capabilities: { sharedKernel: false, iscsi: true },
    running: new Stand(),
    disposable: true,
    resource: new Stand(),
  };
}

// A step of a host with an agent serves one in the working directory.
const before = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "step-"));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

/** Secrets are in a wrapper that has this key. */
const SECRET = "4dabf18193072939515e22adb298388d";

let steps = 0;
async function step(
  connection: Partial<Connection>,
  drift: pulumi.Output<Drift> = pulumi.output({ generation: 1, reason: "" }),
): Promise<Record<string, unknown>> {
  const name = `step-${++steps}`;
  const args = { step: "sysctls", host: machine(connection), commands: "echo hello", expected: [], drift };
  const made = new RemoteStep(name, args);
  await new Promise((resolve) => made.urn.apply(resolve));
  const inputs = registered.find((each) => each.name === name)?.inputs;
  if (!inputs) throw new Error("the step was not registered");
  return inputs;
}

test("a step is one command whose script is readable and whose connection is secret", async () => {
  const inputs = await step({}, pulumi.output({ generation: 1, reason: "a\nb; $(id)" }));
  expect(inputs).toMatchObject({
    create: "sudo -n bash -s",
    update: "sudo -n bash -s # drift 1 a b id",
    triggers: ["i1"],
    logging: "none",
    addPreviousOutputInEnv: false,
  });
  expect(inputs.stdin).toContain("echo hello");
  const connection = unwrapped(inputs.connection);
  expect(JSON.stringify(inputs.connection)).toContain(SECRET);
  expect(connection).toEqual({
    host: "10.0.0.11",
    port: 22,
    user: "homelab",
    hostKey: "ssh-ed25519 AAAA",
    privateKey: "PRIVATE",
    dialErrorLimit: 10,
    perDialTimeout: 15,
  });
  expect(JSON.stringify({ ...inputs, connection: undefined })).not.toContain("PRIVATE");
  expect(inputs.environment).toBeUndefined();
});

test("a step of root runs without sudo", async () => {
  expect(await step({ user: "root" })).toMatchObject({ create: "bash -s", update: "bash -s # drift 1" });
});

test("a host whose sudo asks gets the password alone as a secret input, and the script as a readable command", async () => {
  const inputs = await step({ sudoPassword: pulumi.secret("PASSWORD"), connectTimeoutSeconds: 5 });
  expect(inputs.stdin).toEqual({ [SECRET]: expect.any(String) as string, value: "PASSWORD\n" });
  expect(inputs.create).toMatch(/^sudo -S -p '' bash -c 'set -euo pipefail\n[^]*echo hello[^]*\n' # drift 1$/);
  expect(inputs.update).toBeUndefined();
  expect(JSON.stringify({ ...inputs, stdin: undefined })).not.toContain("PASSWORD");
  expect(unwrapped(inputs.connection)).not.toHaveProperty("connectTimeoutSeconds");
});

test("a password that is given in clear becomes a secret", async () => {
  expect(JSON.stringify((await step({ sudoPassword: "PASSWORD" })).stdin)).toContain(SECRET);
});

test("the password of root is not needed", async () => {
  expect(await step({ user: "root", sudoPassword: "PASSWORD" })).toMatchObject({ create: "bash -s" });
});

test("a drift that a preview does not know hides no script", async () => {
  const unknown = pulumi.output(pulumi.unknown) as unknown as pulumi.Output<Drift>;
  const inputs = await step({ sudoPassword: "PASSWORD" }, unknown);
  expect(inputs.create).toMatch(/^sudo -S -p '' bash -c 'set [^]*\n'$/);
  const known = await step({ sudoPassword: "PASSWORD" }, pulumi.output({ generation: 0, reason: "" }));
  expect(known.create).toBe(inputs.create);
});

test("an agent is reached at a path that depends on stack and key alone, for the bastion too", async () => {
  const [agent, key] = [{}, "ssh-ed25519 BBBB"];
  const bastion = {
    host: "203.0.113.1",
    port: 2222,
    user: "jump",
    hostKey: "ssh-ed25519 CCCC",
    agent: { publicKey: key },
  };
  const inputs = await step({ privateKey: undefined, agent, bastion });
  const limits = { dialErrorLimit: 10, perDialTimeout: 15 };
  expect(unwrapped(inputs.connection)).toEqual({
    host: "10.0.0.11",
    port: 22,
    user: "homelab",
    hostKey: "ssh-ed25519 AAAA",
    agentSocketPath: agentSocketPath(agent, "stack"),
    ...limits,
    proxy: {
      host: "203.0.113.1",
      port: 2222,
      user: "jump",
      hostKey: "ssh-ed25519 CCCC",
      agentSocketPath: agentSocketPath({ publicKey: key }, "stack"),
      ...limits,
    },
  });
  expect(readdirSync(path.join(folder, ".homelab", "ssh"))).toHaveLength(2);
});

test("the path of an agent's socket is relative, short, and another one for another stack or key", () => {
  const paths = [
    agentSocketPath({}, "metal"),
    agentSocketPath({}, "metal2"),
    agentSocketPath({ publicKey: "ssh-ed25519 BBBB" }, "metal"),
  ];
  expect(new Set(paths).size).toBe(3);
  for (const each of paths) expect(each).toMatch(/^\.homelab\/ssh\/[0-9a-f]{12}\.sock$/);
  expect(agentSocketPath({ publicKey: "ssh-ed25519 BBBB a comment" }, "metal")).toBe(paths[2]);
});

test("the drift comes to one harmless line of a shell comment, and is read back from it", () => {
  expect(withDrift("bash -s", { generation: 0, reason: "" })).toBe("bash -s # drift 0");
  expect(driftReason("bash -s # drift 0")).toBeUndefined();
  expect(driftReason("bash -s")).toBeUndefined();
  const reason = "sysctl net.ipv4.ip_forward is 0, expected 1";
  const command = withDrift("bash -c 'main </dev/null\n'", { generation: 2, reason });
  expect(command).toBe(`bash -c 'main </dev/null\n' # drift 2 ${reason}`);
  expect(driftReason(command)).toBe(reason);
  expect(driftReason(`bash -c ' # drift 1 not ours\n'`)).toBeUndefined();
  const hostile = withDrift("", { generation: 1, reason: `x\ntouch /pwned; $(id) \`id\` '"${"y".repeat(500)}` });
  expect(hostile).toMatch(/^ # drift 1 x touch \/pwned id id y+$/);
  expect(hostile.length).toBeLessThan(140);
});

function unwrapped(value: unknown): unknown {
  const wrapper = value as { value?: unknown };
  return wrapper.value ?? value;
}
