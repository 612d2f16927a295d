import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { multipassDriver } from "../../../providers/machines/multipass/driver";
import { type Bench, endBench, errorOf, read, remove, startBench, update } from "./life";
import { ID, inputs, recorded, vmOf } from "./vm";

// Each call of `multipass` starts a program, which takes its time on a workstation that is busy.
jest.setTimeout(60_000);

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  bench.multipass.put("cp1", vmOf());
});
afterEach(() => endBench(bench));

const foreignKey = generateKeyPair().public.trim();

describe("read", () => {
  test("a VM that is as recorded is read as recorded, and nothing is to be changed", async () => {
    const reading = await read(recorded);
    expect(reading).toEqual({ id: ID, inputs, outputs: recorded });
    expect(multipassDriver.diff(ID, reading!.outputs, reading!.inputs).changes).toBe(false);
  });

  test("a VM that is gone is read as gone", async () => {
    expect(await read({ ...recorded, name: "w9" })).toBeUndefined();
  });

  test.each<[string, boolean]>([
    ["Stopped", false],
    ["Suspended", false],
    ["Deleted", true],
  ])("a VM that is %s stays in the state, with its address", async (state, deleted) => {
    bench.multipass.put("cp1", { state });
    expect((await read(recorded))?.outputs).toEqual({ ...recorded, deleted });
  });

  test("another VM that has taken the name is read as ours being gone", async () => {
    bench.multipass.put("cp1", { hostKey: foreignKey });
    expect(await read(recorded)).toBeUndefined();
  });

  test("a VM that was recreated with the same host key is read as ours being gone", async () => {
    bench.multipass.put("cp1", { record: vmOf().record?.replace(recorded.incarnation, "ffffffff") });
    expect(await read(recorded)).toBeUndefined();
  });

  test("a VM that Multipass can't get into stays in the state", async () => {
    bench.multipass.script("exec", { exit: 255, stderr: "exec failed: ssh connection failed\n" });
    expect((await read(recorded))?.outputs).toEqual(recorded);
  });

  test("a VM whose host key can't be read, but for what else is said, stays in the state", async () => {
    bench.multipass.put("cp1", { hostKey: "" });
    expect((await read(recorded))?.outputs).toEqual(recorded);
  });

  test.each<[string, object]>([
    ["address", { ipv4: ["127.0.0.9"] }],
    ["number of CPUs", { cpus: 4 }],
  ])("another %s is the condition's, and makes no other machine", async (_what, vm) => {
    bench.multipass.put("cp1", vm);
    expect((await read(recorded))?.outputs).toEqual(recorded);
  });

  test("where Multipass' service does not answer, the state is kept by an error", async () => {
    bench.multipass.script("info", { exit: 3, stderr: "info failed: cannot connect to the multipass socket\n" });
    const error = await errorOf(read(recorded));
    expect(error.message).toMatch(
      /^cp1: reading the state of the VM failed: info failed: cannot connect to the multipass socket\. Is the service/,
    );
  });
});

describe("update", () => {
  test("a VM that is not finished is waited for, with the size that it was launched with", async () => {
    bench.multipass.put("cp1", { state: "Stopped" });
    expect(await update({ ...recorded, address: "" }, { ...inputs, memory: "2G" })).toEqual(recorded);
    expect(bench.multipass.changes()).toEqual(["start cp1"]);
    expect(bench.ssh.commands).toContain("cloud-init status --wait");
  });

  test("another login key is set in the VM by Multipass' own way in", async () => {
    // The test's SSH server knows one key: it is the new one here.
    await update({ ...recorded, authorizedKey: "ssh-ed25519 OLD" }, inputs);
    const [change] = bench.multipass.changes();
    expect(change).toMatch(/^exec cp1 -- sudo bash -c /);
    expect(change).toContain(`printf '%s\\n' '${inputs.authorizedKey}'`);
  });

  test("another login key is not set in a VM whose address changed", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.9"] });
    const error = await errorOf(update(recorded, { ...inputs, authorizedKey: "ssh-ed25519 NEW" }));
    expect(error.message).toMatch(/^cp1: the VM's address was 127\.0\.0\.1 and is 127\.0\.0\.9 now/);
    expect(bench.multipass.changes()).toEqual([]);
  });

  test("as the message says: what was purged by hand is read as gone, and recreated", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.9"] });
    await multipassDriver.delete(ID, recorded);
    expect(await read(recorded)).toBeUndefined();
    expect((await multipassDriver.create(inputs)).outputs.address).toBe("127.0.0.1");
  });

  test.each<[string, object]>([
    ["deleted", { state: "Deleted" }],
    ["replaced by another", { hostKey: foreignKey }],
  ])("a VM that was %s meanwhile is not touched, and the message says to refresh", async (_what, vm) => {
    bench.multipass.put("cp1", vm);
    const error = await errorOf(update(recorded, { ...inputs, authorizedKey: "ssh-ed25519 NEW" }));
    expect(error.message).toMatch(/^cp1: the VM that this stack made is gone\. Run `pulumi up --refresh`/);
    expect(bench.multipass.changes()).toEqual([]);
  });
});

describe("delete", () => {
  test.each(["Running", "Stopped", "Deleted"])(
    "multipass-timeout-but-alive / purge-others: a %s VM is removed, by its own name alone",
    async (state) => {
      bench.multipass.put("cp1", { state });
      bench.multipass.put("other", { state: "Deleted" });
      await remove(recorded);
      expect(bench.multipass.changes()).toEqual(["delete --purge cp1"]);
      expect(Object.keys(bench.multipass.vms())).toEqual(["other"]);
    },
  );

  test("a VM that is gone counts as removed", async () => {
    await remove({ ...recorded, name: "w9" });
    expect(bench.multipass.changes()).toEqual([]);
  });

  test("a VM that goes away under the removal counts as removed", async () => {
    bench.multipass.script("delete", { exit: 2, stderr: 'delete failed: instance "cp1" does not exist\n' });
    await expect(remove(recorded)).resolves.toBeUndefined();
  });

  test("another VM of the name is left alone, with a word about it", async () => {
    bench.multipass.put("cp1", { hostKey: foreignKey });
    const said = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    await remove(recorded);
    expect(said).toHaveBeenCalledWith(expect.stringMatching(/^cp1: .*left alone/));
    said.mockRestore();
    expect(bench.multipass.changes()).toEqual([]);
  });
});
