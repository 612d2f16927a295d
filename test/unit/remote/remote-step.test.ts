import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { agentSocketPath } from "../../../components/remote/connection";
import type { Connection, Machine } from "../../../providers/machines/machine";
import { type Drift, driftReason, withDrift } from "../../../components/remote/drift";
import { RemoteStep } from "../../../components/remote/remote-step";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
const registered: Registered[] = [];
/** What a command prints on a host with a noisy login shell. */
const PRINTED = "welcome\nhomelab-answer\none\ntwo\nhomelab-answer 0\nbye";

void pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    registered.push({ type, name, inputs: inputs as Record<string, unknown> });
    return { id: `${name}-id`, state: { ...(inputs as object), stdout: PRINTED } };
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

const COMMAND = "command:remote:Command";

let steps = 0;
async function step(
  connection: Partial<Connection>,
  drift: pulumi.Output<Drift> = pulumi.output({ generation: 1, reason: "" }),
): Promise<Record<string, unknown>> {
  const name = `step-${++steps}`;
  const args = { step: "sysctls", host: machine(connection), commands: "echo hello", expected: [], drift };
  const made = new RemoteStep(name, args);
  await new Promise((resolve) => made.urn.apply(resolve));
  const inputs = registered.find((each) => each.name === name && each.type === COMMAND)?.inputs;
  if (!inputs) throw new Error("the step was not registered");
  return inputs;
}

test("a step is one command whose script is readable and whose connection is secret", async () => {
  const inputs = await step({}, pulumi.output({ generation: 1, reason: "a\nb; $(id)" }));
  expect(inputs).toMatchObject({
    create: "bash -s",
    update: "bash -s # drift 1 a b id",
    triggers: ["i1"],
    logging: "none",
    addPreviousOutputInEnv: false,
  });
  expect(inputs.stdin).toMatch(/^export LC_ALL=C; exec sudo -n bash -s\nset -euo pipefail\n[^]*echo hello/);
  const connection = unwrapped(inputs.connection);
  expect(JSON.stringify(inputs.connection)).toContain(SECRET);
  expect(connection).toEqual({
    host: "10.0.0.11",
    port: 22,
    user: "homelab",
    hostKey: "ssh-ed25519 AAAA",
    agentSocketPath: agentSocketPath("cp1", {}, "stack"),
    dialErrorLimit: 10,
    perDialTimeout: 15,
  });
  expect(JSON.stringify(inputs)).not.toContain("PRIVATE");
  expect(inputs.environment).toBeUndefined();
});

test("a step of root runs without sudo", async () => {
  const inputs = await step({ user: "root" });
  expect(inputs).toMatchObject({ create: "bash -s", update: "bash -s # drift 1" });
  expect(inputs.stdin).toMatch(/^set -euo pipefail\n/);
});

test("sudo-argv: with a password for sudo no command holds the script, and a preview shows it beside the secret input", async () => {
  const inputs = await step({ sudoPassword: pulumi.secret("PASSWORD"), connectTimeoutSeconds: 5 });
  expect(inputs).toMatchObject({ create: "bash -s", update: "bash -s # drift 1" });
  expect(inputs.stdin).toEqual({ [SECRET]: expect.any(String) as string, value: expect.any(String) as string });
  const [before, script] = String(unwrapped(inputs.stdin)).split("PASSWORD\n");
  expect(before).toMatch(/^# shellcheck shell=bash\n[^]*sudo -S [^]*^}\n$/m);
  expect(script).toMatch(/^set -euo pipefail\n[^]*echo hello/);
  expect(JSON.stringify({ ...inputs, stdin: undefined })).not.toContain("PASSWORD");
  expect(unwrapped(inputs.connection)).not.toHaveProperty("connectTimeoutSeconds");
  const shown = registered.find(({ type, name }) => type === "homelab:host:StepScript" && name === `step-${steps}`);
  expect(shown?.inputs).toEqual({ script });
});

test("a step without a password for sudo has no second resource that shows its script", async () => {
  await step({});
  expect(registered.filter(({ name }) => name === `step-${steps}`)).toHaveLength(1);
});

test("shell-prints: what a step answers is read without what a login shell printed around it", async () => {
  const args = { step: "kubeconfig", host: machine({ user: "root" }), commands: "cat file" };
  const made = new RemoteStep("answering", args, { answers: true });
  expect(await new Promise((resolve) => made.answer.apply(resolve))).toBe("one\ntwo\n");
  const { stdin } = registered.find(({ name }) => name === "answering")?.inputs ?? {};
  expect(stdin).toMatch(/^echo homelab-answer; .*\nset -euo pipefail\n/);
});

test("a password that is given in clear becomes a secret", async () => {
  expect(JSON.stringify((await step({ sudoPassword: "PASSWORD" })).stdin)).toContain(SECRET);
});

test("the password of root is not needed", async () => {
  const inputs = await step({ user: "root", sudoPassword: "PASSWORD" });
  expect(inputs.stdin).toMatch(/^set -euo pipefail\n/);
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
    agentSocketPath: agentSocketPath("cp1", { agent }, "stack"),
    ...limits,
    proxy: {
      host: "203.0.113.1",
      port: 2222,
      user: "jump",
      hostKey: "ssh-ed25519 CCCC",
      agentSocketPath: agentSocketPath("cp1", { agent: { publicKey: key } }, "stack"),
      ...limits,
    },
  });
  const sockets = [agent, { publicKey: key }].map((one) =>
    path.basename(agentSocketPath("cp1", { agent: one }, "stack")),
  );
  expect(readdirSync(path.join(folder, ".homelab", "ssh"))).toEqual(expect.arrayContaining(sockets));
});

test("the path of an agent's socket is relative, short, and another one for another stack or key", () => {
  const paths = [
    agentSocketPath("cp1", { agent: {} }, "metal"),
    agentSocketPath("cp1", { agent: {} }, "metal2"),
    agentSocketPath("cp1", { agent: { publicKey: "ssh-ed25519 BBBB" } }, "metal"),
    agentSocketPath("cp1", { privateKey: "one" }, "metal"),
    agentSocketPath("cp2", { privateKey: "one" }, "metal"),
  ];
  expect(new Set(paths).size).toBe(5);
  for (const each of paths) expect(each).toMatch(/^\.homelab\/ssh\/[0-9a-f]{12}\.sock$/);
  expect(agentSocketPath("cp2", { agent: { publicKey: "ssh-ed25519 BBBB a comment" } }, "metal")).toBe(paths[2]);
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
