import { PartiallyCreated } from "../../../providers/driver";
import {
  conditionDriver,
  type ConditionInputs,
  type ConditionOutputs,
} from "../../../providers/machines/multipass/condition-driver";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { type Bench, createCondition, endBench, errorOf, readCondition, startBench, updateCondition } from "./life";
import { condition, conditionInputs, inputs, vmOf } from "./vm";

// Each call of `multipass` starts a program, which takes its time on a workstation that is busy.
jest.setTimeout(60_000);

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const NEW_VM = { incarnation: "ffffffff", launched: { cpus: 4, memory: "2G", disk: "30G" } };

const diff = (outputs: ConditionOutputs, wanted: ConditionInputs) => conditionDriver.diff("cp1", outputs, wanted);

describe("diff", () => {
  test("what runs as it is wanted is left alone", () => {
    expect(diff(condition, conditionInputs)).toMatchObject({ changes: false, replaces: [] });
  });

  test("a size that is only written otherwise is no change", () => {
    const wanted = { ...conditionInputs, memory: "1024M", disk: "21474836480" };
    expect(diff(condition, wanted)).toMatchObject({ changes: false });
  });

  test.each<[keyof ConditionInputs, unknown]>([
    ["cpus", 4],
    ["cpus", 1],
    ["memory", "2G"],
    ["memory", "512M"],
    ["disk", "20.5G"],
    ["incarnation", "ffffffff"],
    ["incarnation", UNKNOWN],
  ])("another %s (%s) is set in place", (name, value) => {
    expect(diff(condition, { ...conditionInputs, [name]: value })).toMatchObject({ changes: true, replaces: [] });
  });

  test("a smaller disk is refused, with both sizes and what to do", () => {
    expect(() => diff(condition, { ...conditionInputs, disk: "10G" })).toThrow(
      /^cp1: the VM's disk has 20G and can't be made smaller \(10G\).*`multipass delete --purge cp1`/,
    );
  });

  test("a VM that is recreated may have a smaller disk", () => {
    expect(diff(condition, { ...conditionInputs, incarnation: UNKNOWN, disk: "10G" })).toMatchObject({ changes: true });
  });

  test.each<[string, Partial<ConditionOutputs>]>([
    ["was found stopped", { state: "Stopped" }],
    ["has another address", { currentAddress: "127.0.0.9" }],
  ])("a VM that %s is planned as an update", (_what, found) => {
    expect(diff({ ...condition, ...found }, conditionInputs)).toMatchObject({ changes: true, replaces: [] });
  });
});

describe("a VM's condition", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
    bench.multipass.put("cp1", vmOf());
  });
  afterEach(() => endBench(bench));

  test("a VM that is as recorded is read as recorded, and nothing is to be changed", async () => {
    const reading = await readCondition(condition);
    expect(reading).toEqual({ id: "cp1", inputs: conditionInputs, outputs: condition });
    expect(diff(reading!.outputs, reading!.inputs).changes).toBe(false);
  });

  test("a VM that is gone has no condition", async () => {
    expect(await readCondition({ ...condition, name: "w9" })).toBeUndefined();
  });

  test.each(["Stopped", "Deleted", "Suspended"])("a VM that is %s is read so, with its address", async (state) => {
    bench.multipass.put("cp1", { state });
    expect((await readCondition(condition))?.outputs).toEqual({ ...condition, state });
  });

  test("another address is found, and the recorded one kept beside it", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.9"] });
    const found = { address: "127.0.0.1", currentAddress: "127.0.0.9" };
    expect((await readCondition(condition))?.outputs).toMatchObject(found);
  });

  test("the addresses of further networks and of pods are not taken for the VM's", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.1", "192.168.1.7", "10.244.0.1"] });
    expect((await readCondition(condition))?.outputs).toEqual(condition);
  });

  test("a number of CPUs that was changed by hand is seen", async () => {
    bench.multipass.put("cp1", { cpus: 4 });
    const reading = await readCondition(condition);
    expect(reading?.inputs.cpus).toBe(4);
    expect(diff(reading!.outputs, conditionInputs)).toMatchObject({ changes: true, replaces: [] });
  });

  test("of a VM that was launched as it is wanted nothing is changed", async () => {
    expect(await createCondition(conditionInputs)).toEqual({ id: "cp1", outputs: condition });
    expect(bench.multipass.changes()).toEqual([]);
  });

  test("a VM that was launched with another size is brought to the wanted one", async () => {
    const { outputs } = await createCondition({
      ...conditionInputs,
      launched: { ...conditionInputs.launched, cpus: 1 },
    });
    expect(outputs.cpus).toBe(2);
    expect(bench.multipass.changes()).toEqual(["stop cp1", "set local.cp1.cpus=2", "start cp1"]);
  });

  test("a first change of size that fails is kept, with the size that the VM has", async () => {
    bench.multipass.script("set", { exit: 2, stderr: "set failed: not enough memory" });
    const error = await errorOf(createCondition({ ...conditionInputs, memory: "2G" }));
    expect(error).toBeInstanceOf(PartiallyCreated);
    expect((error as PartiallyCreated).outputs).toMatchObject({ memory: "1G", state: "Unknown" });
  });

  test("cpus, memory and disk are changed while the VM is stopped, and it is started again", async () => {
    const wanted = { ...conditionInputs, cpus: 1, memory: "512M", disk: "30G" };
    expect(await updateCondition(condition, wanted)).toEqual({ ...condition, ...wanted });
    expect(bench.multipass.changes()).toEqual([
      "stop cp1",
      "set local.cp1.cpus=1",
      "set local.cp1.memory=512M",
      "set local.cp1.disk=30G",
      "start cp1",
    ]);
    expect(bench.ssh.commands).toContain("cloud-init status --wait");
  });

  test("only what changed is set, and a stopped VM is not stopped again", async () => {
    bench.multipass.put("cp1", { state: "Stopped" });
    await updateCondition({ ...condition, state: "Stopped" }, { ...conditionInputs, memory: "2G" });
    expect(bench.multipass.changes()).toEqual(["set local.cp1.memory=2G", "start cp1"]);
  });

  test("a VM that was recreated is resized from what it was launched with, not from what the old one had", async () => {
    bench.multipass.put("cp1", { record: vmOf().record?.replace(condition.incarnation, NEW_VM.incarnation) });
    await updateCondition(condition, { ...conditionInputs, ...NEW_VM, cpus: 4, memory: "1G", disk: "30G" });
    expect(bench.multipass.changes()).toEqual(["stop cp1", "set local.cp1.memory=1G", "start cp1"]);
  });

  test("a VM whose change fails is started again, and the error says why", async () => {
    bench.multipass.script("set", { exit: 2, stderr: "set failed: not enough memory" });
    const error = await errorOf(updateCondition(condition, { ...conditionInputs, memory: "2G" }));
    expect(error.message).toMatch(/^cp1: setting memory to 2G failed: set failed: not enough memory\. Stop other VMs/);
    expect(bench.multipass.vms().cp1?.state).toBe("Running");
  });

  test("a smaller disk and more memory than there is are refused, and the VM goes on running", async () => {
    const refusal = async (size: object) =>
      (await errorOf(updateCondition(condition, { ...conditionInputs, ...size }))).message;
    expect(await refusal({ disk: "10G" })).toMatch(/can't be made smaller/);
    expect(await refusal({ memory: "900000G" })).toMatch(/this workstation has/);
    expect(bench.multipass.changes()).toEqual([]);
  });

  test("several VMs are resized one after the other", async () => {
    bench.multipass.put("w1", vmOf());
    const changed = { ...conditionInputs, cpus: 1 };
    const other = { name: "w1" };
    await Promise.all([
      updateCondition(condition, changed),
      updateCondition({ ...condition, ...other }, { ...changed, ...other }),
    ]);
    const order = bench.multipass.changes().filter((call) => /^(stop|start)/.test(call));
    // Which is the first one is chance.
    const turn = (name: string) => [`stop ${name}`, `start ${name}`];
    expect([
      [...turn("cp1"), ...turn("w1")],
      [...turn("w1"), ...turn("cp1")],
    ]).toContainEqual(order);
  });

  test("a stopped VM is started", async () => {
    bench.multipass.put("cp1", { state: "Stopped" });
    expect(await updateCondition({ ...condition, state: "Stopped" }, conditionInputs)).toEqual(condition);
    expect(bench.multipass.changes()).toEqual(["start cp1"]);
  });

  test("an address that changed stops the update with what it was, what it is, and what to do; nothing is changed", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.9"] });
    const moved = { ...condition, currentAddress: "127.0.0.9" };
    const error = await errorOf(updateCondition(moved, { ...conditionInputs, cpus: 4 }));
    expect(error.message).toMatch(/^cp1: the VM's address was 127\.0\.0\.1 and is 127\.0\.0\.9 now: .*DHCP/);
    expect(error.message).toMatch(/certificates and its nodes name 127\.0\.0\.1, so nothing was changed/);
    expect(error.message).toContain("`multipass restart cp1`");
    expect(error.message).toContain("`multipass delete --purge cp1`, then `pulumi up --refresh`");
    expect(bench.multipass.changes()).toEqual([]);
    expect(bench.ssh.commands).toEqual([]);
  });

  test("an address that changed with the start of a stopped VM stops the update too", async () => {
    bench.multipass.put("cp1", { state: "Stopped", nextIpv4: ["127.0.0.9"] });
    const error = await errorOf(updateCondition({ ...condition, state: "Stopped" }, conditionInputs));
    expect(error.message).toMatch(/address was 127\.0\.0\.1 and is 127\.0\.0\.9 now/);
    expect(bench.ssh.commands).toEqual([]);
  });

  test("an address that has come back is what the state says again", async () => {
    expect(await updateCondition({ ...condition, currentAddress: "127.0.0.9" }, conditionInputs)).toEqual(condition);
  });

  test.each<[string, object]>([
    ["deleted", { state: "Deleted" }],
    ["replaced by another", { hostKey: generateKeyPair().public.trim() }],
  ])("a VM that was %s meanwhile is not touched, and the message says to refresh", async (_what, vm) => {
    bench.multipass.put("cp1", vm);
    const error = await errorOf(updateCondition(condition, { ...conditionInputs, cpus: 4 }));
    expect(error.message).toMatch(/^cp1: the VM that this stack made is gone\. Run `pulumi up --refresh`/);
    expect(bench.multipass.changes()).toEqual([]);
  });

  test("the VM is not deleted with its condition", async () => {
    await conditionDriver.delete("cp1", condition);
    expect(Object.keys(bench.multipass.vms())).toEqual([inputs.name]);
    expect(bench.multipass.calls()).toEqual([]);
  });
});
