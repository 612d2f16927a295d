import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../../components/machine";
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

function machine(user: string): Machine {
  return {
    name: "cp1",
    role: "control-plane",
    address: "10.0.0.11",
    connection: {
      host: "10.0.0.11",
      port: 22,
      user,
      privateKey: pulumi.secret("PRIVATE"),
      hostKey: "ssh-ed25519 AAAA",
    },
    incarnation: pulumi.output("i1"),
    capabilities: { sharedKernel: false, iscsi: true },
    resource: new Stand(),
    disposable: true,
  };
}

/** Secrets stand in a wrapper that has this key. */
const SECRET = "4dabf18193072939515e22adb298388d";

async function step(user: string, reason: string): Promise<Record<string, unknown>> {
  const made = new RemoteStep(`step-${user}`, {
    step: "sysctls",
    host: machine(user),
    commands: "echo hello",
    claims: [],
    drift: pulumi.output({ generation: 1, reason }),
  });
  await new Promise((resolve) => made.urn.apply(resolve));
  const inputs = registered.find(({ name }) => name === `step-${user}`)?.inputs;
  if (!inputs) throw new Error("the step was not registered");
  return inputs;
}

test("a step is one command whose script is readable and whose connection is secret", async () => {
  const inputs = await step("homelab", "a\nb; $(id)");
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
  expect(connection).toMatchObject({ host: "10.0.0.11", hostKey: "ssh-ed25519 AAAA" });
  expect(JSON.stringify({ ...inputs, connection: undefined })).not.toContain("PRIVATE");
  expect(inputs.environment).toBeUndefined();
});

test("a step of root runs without sudo", async () => {
  expect(await step("root", "")).toMatchObject({ create: "bash -s", update: "bash -s # drift 1" });
});

function unwrapped(value: unknown): unknown {
  const wrapper = value as { value?: unknown };
  return wrapper.value ?? value;
}
