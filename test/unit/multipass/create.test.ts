import { PartiallyCreated } from "../../../providers/driver";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { type Bench, booted, create, endBench, errorOf, startBench } from "./life";
import { inputs, recorded, vmOf } from "./vm";

// Each call of `multipass` starts a program, which takes its time on a workstation that is busy.
jest.setTimeout(60_000);

let bench: Bench;
beforeEach(async () => (bench = await startBench()));
afterEach(() => endBench(bench));

const foreignKey = generateKeyPair().public.trim();
const launches = () => bench.multipass.changes().filter((call) => call.startsWith("launch"));

test("a VM is launched as it is wanted, and its address is where SSH answers with the pinned key", async () => {
  const networks = [
    { name: "eth0", mode: "manual" as const, mac: "52:54:00:00:00:01" },
    { name: "br1", mode: "auto" as const },
  ];
  const { id, outputs } = await create({ ...inputs, networks });
  expect(launches()).toEqual([
    "launch 24.04 --name cp1 --cpus 2 --memory 1G --disk 20G --network name=eth0,mode=manual,mac=52:54:00:00:00:01 " +
      "--network name=br1,mode=auto --timeout 1800 --cloud-init -",
  ]);
  expect(outputs).toMatchObject({
    ...inputs,
    networks,
    address: "127.0.0.1",
    deleted: false,
  });
  expect(outputs.incarnation).toMatch(/^[0-9a-f]{8}$/);
  expect(id).toBe(`cp1-${outputs.incarnation}`);
  expect(bench.ssh.commands).toEqual(["cloud-init status --wait", "systemctl is-system-running --wait"]);
});

test("no secret is in a command line; the host key comes by standard input", async () => {
  await create(inputs);
  const calls = bench.multipass.calls();
  const words = JSON.stringify(calls.map(({ args }) => args));
  for (const secret of [inputs.hostKeyPrivate, inputs.clientKey]) {
    for (const line of secret.split("\n").filter((text) => text.length > 8 && !text.startsWith("-----"))) {
      expect(words).not.toContain(line);
    }
  }
  const userData = calls.find(({ args }) => args[0] === "launch")?.stdin ?? "";
  expect(userData).toContain(inputs.hostKeyPrivate.split("\n")[1]);
  expect(userData).not.toContain(inputs.clientKey.split("\n")[2]);
});

test("windows: a VM that VirtualBox would make is refused before it is made, with what works", async () => {
  bench.multipass.script("get", { stdout: "virtualbox" });
  const error = await errorOf(create(inputs));
  expect(error.message).toMatch(
    /^cp1: Multipass makes its VMs with VirtualBox here .* no address that this workstation reaches\. No VM was made\./,
  );
  expect(error.message).toContain("multipass set local.driver=qemu");
  expect(launches()).toEqual([]);
});

test("a Multipass that doesn't say with what it makes VMs is taken as it is", async () => {
  bench.multipass.script("get", { exit: 2, stderr: "get failed: the client is not authenticated\n" });
  await create(inputs);
  expect(launches()).toHaveLength(1);
});

test("each VM has an incarnation of its own", async () => {
  const one = await create(inputs);
  bench.multipass.script("launch");
  const other = await create({ ...inputs, name: "w1" });
  expect(other.outputs.incarnation).not.toBe(one.outputs.incarnation);
});

test("VMs are launched one after the other", async () => {
  const waitMs = 300;
  bench.multipass.script("launch", { waitMs }, { waitMs });
  await Promise.all([create(inputs), create({ ...inputs, name: "w1" })]);
  const [first, second] = bench.multipass.calls().filter(({ args }) => args[0] === "launch");
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(waitMs);
});

test.each([
  ["failed: the following errors occurred:\ntimed out waiting for initialization to complete", 2],
  ["Timed out waiting for instance launch.", 5],
])("a VM whose launch timed out (%s) is waited for and taken", async (stderr, exit) => {
  bench.multipass.script("launch", { exit, stderr, vm: { states: ["Starting", "Starting"] } });
  const { outputs } = await create(inputs);
  expect(outputs).toMatchObject({ address: "127.0.0.1", deleted: false });
  expect(launches()).toHaveLength(1);
});

test("a VM that was launched and is not finished is kept, so that the next up goes on with it", async () => {
  await endBench(bench);
  bench = await startBench({
    answer: booted({ "cloud-init status --wait": { exitCode: 1, stdout: "status: error\n" } }),
  });
  bench.multipass.script("launch", { exit: 2, stderr: "launch failed: timed out", vm: {} });
  const error = await errorOf(create(inputs));
  expect(error).toBeInstanceOf(PartiallyCreated);
  expect(error.message).toMatch(/cp1: launching the VM failed: launch failed: timed out/);
  expect(error.message).toMatch(/cp1: waiting for the VM to boot failed: cloud-init says 'status: error'/);
  expect((error as PartiallyCreated).outputs).toMatchObject({ address: "", name: "cp1" });
});

test("the VM of an interrupted run is adopted by its host key, with its incarnation", async () => {
  bench.multipass.put("cp1", { ...vmOf(), states: ["Starting"] });
  const { outputs } = await create(inputs);
  expect(outputs.incarnation).toBe(recorded.incarnation);
  expect(bench.multipass.changes()).toEqual([]);
});

test("an adopted VM keeps the size that it was launched with, which its condition then changes", async () => {
  bench.multipass.put("cp1", vmOf({ ...inputs, cpus: 1 }));
  const { outputs } = await create(inputs);
  expect(outputs).toMatchObject({ incarnation: recorded.incarnation, cpus: 1 });
  expect(bench.multipass.changes()).toEqual([]);
});

test.each([
  ["image", { ...inputs, image: "22.04" as const }],
  ["disk", { ...inputs, disk: "40G" }],
])("an interrupted run's VM that can't be brought to the wanted %s is recreated", async (_what, launched) => {
  bench.multipass.put("cp1", vmOf(launched));
  const { outputs } = await create(inputs);
  expect(outputs.incarnation).not.toBe(recorded.incarnation);
  expect(bench.multipass.changes()).toEqual(["delete --purge cp1", expect.stringMatching(/^launch 24.04 --name cp1/)]);
});

test("multipass-timeout-but-alive / purge-others: a launch that an interrupted run left behind is waited for and adopted", async () => {
  bench.multipass.script("launch", { exit: 2, stderr: 'launch failed: instance "cp1" already exists\n', vm: vmOf() });
  bench.multipass.script("info", { exit: 2, stderr: 'info failed: instance "cp1" does not exist\n' });
  bench.multipass.put("cp1", vmOf());
  const { outputs } = await create(inputs);
  expect(outputs.incarnation).toBe(recorded.incarnation);
});

test.each<[string, object]>([
  ["runs", { hostKey: foreignKey }],
  ["is deleted", { state: "Deleted", hostKey: inputs.hostKeyPublic }],
  ["is stopped", { state: "Stopped", hostKey: inputs.hostKeyPublic }],
])(
  "a VM of the same name that %s and is not seen to be ours is refused, with advice, and left alone",
  async (_what, vm) => {
    bench.multipass.put("cp1", vm);
    const error = await errorOf(create(inputs));
    expect(error).not.toBeInstanceOf(PartiallyCreated);
    expect(error.message).toMatch(/^cp1: Multipass .*another name.*`multipass delete --purge cp1`/);
    expect(bench.multipass.changes()).toEqual([]);
  },
);

test("a VM whose SSH server has another key than the pinned one is not taken for ready", async () => {
  await endBench(bench);
  bench = await startBench({ hostKey: generateKeyPair().private });
  const error = await errorOf(create(inputs));
  expect(error).toBeInstanceOf(PartiallyCreated);
  expect(error.message).toMatch(/^cp1: .*key/);
  expect(bench.ssh.commands).toEqual([]);
});

test("more memory than the workstation has is refused before anything is launched", async () => {
  const error = await errorOf(create({ ...inputs, memory: "900000G" }));
  expect(error.message).toMatch(
    /^cp1: the VM is to have 900000G of memory, and this workstation has [\d.]+G in all\. Set less 'memory'/,
  );
  expect(bench.multipass.calls()).toEqual([]);
});
