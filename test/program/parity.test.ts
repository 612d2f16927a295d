import { type Config, ProgramFolder, type Registered, runProgram, settingsOf } from "./run-program";

/**
 * The parity contract: one inventory gives one graph of resources, whatever the machines are. What may differ is in the
 * allow-list below, each with its reason; anything else is a defect.
 */

jest.setTimeout(60_000);

const STACKS = ["local", "metal", "lab"] as const;
type Stack = (typeof STACKS)[number];

/** Resources that stand for the machines themselves, and for their keys and networks. */
const MACHINE_TYPES = /^pulumi-nodejs:dynamic\/(nspawn|multipass|metal|ssh):/;

/** Inputs that may differ, by type of resource. */
const ALLOWED_INPUTS: Record<string, readonly string[]> = {
  // How a host is reached, and which one it is.
  "command:remote:Command": ["connection", "triggers"],
  "pulumi-nodejs:dynamic/host:Inspection": ["target", "incarnation"],
  "pulumi-nodejs:dynamic/host:Preflight": ["targets"],
  "pulumi-nodejs:dynamic/kubeadm:Join": ["node", "controlPlane", "incarnation", "cluster"],
  "pulumi:providers:kubernetes": ["kubeconfig", "clusterIdentifier"],
};

const NODES = [
  { name: "cp1", role: "control-plane", address: "10.90.0.11" },
  { name: "worker1", role: "worker", address: "10.90.0.12" },
  { name: "worker2", role: "worker", address: "10.90.0.13" },
];
const HOST_KEYS = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5jPqQhG0dh8Ni8XlQVTcNjvPzI3cNRLpZl4mfhX2D1",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5jPqQhG0dh8Ni8XlQVTcNjvPzI3cNRLpZl4mfhX2D2",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5jPqQhG0dh8Ni8XlQVTcNjvPzI3cNRLpZl4mfhX2D3",
];
/** Declared the same, because it decides which lines a step has: what is compared is the path, not the hardware. */
const capabilities = { sharedKernel: false, iscsi: true };

const machines: Record<Stack, Config> = {
  local: { kind: "multipass", capabilities, nodes: NODES.map(({ name, role }) => ({ name, role })) },
  metal: {
    kind: "metal",
    capabilities,
    nodes: NODES.map((node, index) => ({ ...node, ssh: { hostKey: HOST_KEYS[index], user: "homelab", agent: true } })),
  },
  lab: { kind: "nspawn", capabilities, nodes: NODES },
};

let folder: ProgramFolder;
const graphs = {} as Record<Stack, Registered[]>;

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  const shared = await settingsOf("lab");
  (shared["homelab:mirrors"] as { charts: { url: string } }).charts.url = folder.charts.url;
  for (const stack of STACKS) {
    graphs[stack] = await runProgram(stack, { ...shared, "homelab:machines": machines[stack] });
  }
});

afterAll(async () => folder.leave());

interface Shape {
  parent: string;
  dependsOn: string[];
  inputs: Record<string, unknown>;
}

/** What must be equal, by resource. */
function shapes(graph: Registered[]): Record<string, Shape> {
  const own = new Set(graph.filter(({ type }) => MACHINE_TYPES.test(type)).map(({ name }) => name));
  return Object.fromEntries(
    graph
      .filter(({ type }) => !MACHINE_TYPES.test(type))
      .map(({ type, name, parent, dependsOn, inputs }) => [
        `${type}::${name}`,
        {
          parent: parent.replace(/homelab-(local|metal|lab)$/, "homelab"),
          // Which of its own resources a machine is made of is its own affair.
          dependsOn: dependsOn.map((dependency) => (own.has(dependency) ? "a machine" : dependency)),
          inputs: Object.fromEntries(
            Object.entries(inputs)
              .filter(([key]) => key !== "__provider" && !ALLOWED_INPUTS[type]?.includes(key))
              .map(([key, value]) => [key, normalised(value)]),
          ),
        },
      ]),
  );
}

/** Addresses, which scripts name (the made-up one of virtual machines is the same for all), what is computed of them, and incarnations. */
function normalised(value: unknown): unknown {
  const text = JSON.stringify(value ?? null)
    .replaceAll(/10\.90\.0\.1[123]|192\.0\.2\.11/g, "ADDRESS")
    // Left out where the settings don't know the address of the first control plane, which is taken then.
    .replaceAll('"apiHost":"ADDRESS",', "")
    .replaceAll(/settings_hash=[0-9a-f]{64}/g, "settings_hash")
    .replaceAll(/SHA256:[\w+/]{43}|"made-up"/g, (found) => (found === '"made-up"' ? '"incarnation"' : "incarnation"));
  return JSON.parse(text) as unknown;
}

test.each(["local", "metal"] as const)("the stack %s has the graph of the lab, but for the machines", (stack) => {
  const lab = shapes(graphs.lab);
  expect(Object.keys(lab).length).toBeGreaterThan(30);
  expect(shapes(graphs[stack])).toEqual(lab);
});

test("the allow-list names nothing that the graphs don't have", () => {
  for (const [type, inputs] of Object.entries(ALLOWED_INPUTS)) {
    for (const input of inputs) {
      const having = graphs.lab.filter((resource) => resource.type === type && input in resource.inputs);
      expect([type, input, having.length]).not.toEqual([type, input, 0]);
    }
  }
});

test("every machine of every stack is one resource with the node's name", () => {
  for (const stack of STACKS) {
    const made = graphs[stack].filter(({ type }) => /(nspawn|multipass|metal):(Machine|Host)$/.test(type));
    expect(made.map(({ name }) => name)).toEqual(NODES.map(({ name }) => name));
  }
});

test("only metal is protected from destroy, by its first control plane alone", () => {
  const protectedOf = (stack: Stack) => graphs[stack].filter((resource) => resource.protect).map(({ name }) => name);
  expect(protectedOf("metal")).toEqual(["cp1"]);
  expect(protectedOf("local")).toEqual([]);
  expect(protectedOf("lab")).toEqual([]);
});

test("destroy-host-gone / API gone: the network is deleted with the control plane, so that destroy needs no API server for it", () => {
  for (const stack of STACKS) {
    // What is in a component is deleted as the component is.
    const cilium = graphs[stack].filter(({ type }) => type === "homelab:platform:Cilium");
    expect(cilium.map(({ deletedWith }) => deletedWith)).toEqual(["cp1"]);
  }
});
