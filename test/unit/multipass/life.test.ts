import { generateKeyPair } from "../../../providers/ssh-key/key-pair";
import { multipassDriver } from "../../../providers/multipass/driver";
import { type Bench, endBench, errorOf, read, remove, startBench, update } from "./life";
import { ID, inputs, recorded, vmOf } from "./vm";

// Each call of `multipass` starts a program, which takes its time on a computer that is busy.
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

  test.each(["Stopped", "Deleted", "Suspended"])(
    "a VM that is %s stays in the state, with its address",
    async (state) => {
      bench.multipass.put("cp1", { state });
      expect((await read(recorded))?.outputs).toEqual({ ...recorded, state });
    },
  );

  test("another VM that has taken the name is read as ours being gone", async () => {
    bench.multipass.put("cp1", { hostKey: foreignKey });
    expect(await read(recorded)).toBeUndefined();
  });

  test("a VM that was made anew with the same host key is read as ours being gone", async () => {
    bench.multipass.put("cp1", { record: vmOf().record?.replace(recorded.incarnation, "ffffffff") });
    expect(await read(recorded)).toBeUndefined();
  });

  test("a VM that Multipass can't get into stays in the state", async () => {
    bench.multipass.script("exec", { exit: 255, stderr: "exec failed: ssh connection failed\n" });
    expect((await read(recorded))?.outputs).toEqual(recorded);
  });

  test("another address is found, and the recorded one kept beside it", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.9"] });
    expect((await read(recorded))?.outputs).toMatchObject({ address: "127.0.0.1", currentAddress: "127.0.0.9" });
  });

  test("the addresses of further networks and of pods are not taken for the VM's", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.1", "192.168.1.7", "10.244.0.1"] });
    expect((await read(recorded))?.outputs).toEqual(recorded);
  });

  test("a number of CPUs that somebody changed by hand is seen", async () => {
    bench.multipass.put("cp1", { cpus: 4 });
    const reading = await read(recorded);
    expect(reading?.inputs.cpus).toBe(4);
    expect(multipassDriver.diff(ID, reading!.outputs, inputs)).toMatchObject({ changes: true, replaces: [] });
  });

  test("where Multipass' service does not answer, the state is kept by an error", async () => {
    bench.multipass.script("info", { exit: 3, stderr: "info failed: cannot connect to the multipass socket\n" });
    const error = await errorOf(read(recorded));
    expect(error.message).toMatch(
      /^cp1: looking at the VM failed: info failed: cannot connect to the multipass socket\. Is the service/,
    );
  });
});

describe("update", () => {
  test("cpus, memory and disk are changed while the VM is stopped, and it is started again", async () => {
    const wanted = { ...inputs, cpus: 1, memory: "512M", disk: "30G" };
    const outputs = await update(recorded, wanted);
    expect(bench.multipass.changes()).toEqual([
      "stop cp1",
      "set local.cp1.cpus=1",
      "set local.cp1.memory=512M",
      "set local.cp1.disk=30G",
      "start cp1",
    ]);
    expect(outputs).toEqual({ ...recorded, ...wanted });
    expect(bench.ssh.commands).toContain("cloud-init status --wait");
  });

  test("only what changed is set, and a stopped VM is not stopped again", async () => {
    bench.multipass.put("cp1", { state: "Stopped" });
    await update({ ...recorded, state: "Stopped" }, { ...inputs, memory: "2G" });
    expect(bench.multipass.changes()).toEqual(["set local.cp1.memory=2G", "start cp1"]);
  });

  test("a VM whose change fails is started again, and the error says why", async () => {
    bench.multipass.script("set", { exit: 2, stderr: "set failed: not enough memory" });
    const error = await errorOf(update(recorded, { ...inputs, memory: "2G" }));
    expect(error.message).toMatch(/^cp1: setting memory to 2G failed: set failed: not enough memory\. Stop other VMs/);
    expect(bench.multipass.vms().cp1?.state).toBe("Running");
  });

  test("a smaller disk and more memory than there is are refused, and the VM goes on running", async () => {
    expect((await errorOf(update(recorded, { ...inputs, disk: "10G" }))).message).toMatch(/can't be made smaller/);
    expect((await errorOf(update(recorded, { ...inputs, memory: "900000G" }))).message).toMatch(/this computer has/);
    expect(bench.multipass.changes()).toEqual([]);
  });

  test("several VMs are resized one after the other", async () => {
    bench.multipass.put("w1", vmOf());
    const changed = { ...inputs, cpus: 1 };
    await Promise.all([update(recorded, changed), update({ ...recorded, name: "w1" }, { ...changed, name: "w1" })]);
    const order = bench.multipass.changes().filter((call) => /^(stop|start)/.test(call));
    expect(order).toEqual(["stop cp1", "start cp1", "stop w1", "start w1"]);
  });

  test("a stopped VM is started", async () => {
    bench.multipass.put("cp1", { state: "Stopped" });
    expect(await update({ ...recorded, state: "Stopped" }, inputs)).toEqual(recorded);
    expect(bench.multipass.changes()).toEqual(["start cp1"]);
  });

  test("another login key is set in the VM by Multipass' own way in", async () => {
    // The test's SSH server knows one key: it is the new one here.
    await update({ ...recorded, authorizedKey: "ssh-ed25519 OLD" }, inputs);
    const [change] = bench.multipass.changes();
    expect(change).toMatch(/^exec cp1 -- sudo bash -c /);
    expect(change).toContain(`printf '%s\\n' '${inputs.authorizedKey}'`);
  });

  test("an address that changed stops the update with what it was, what it is, and what to do; nothing is changed", async () => {
    bench.multipass.put("cp1", { ipv4: ["127.0.0.9"] });
    const error = await errorOf(update({ ...recorded, currentAddress: "127.0.0.9" }, { ...inputs, cpus: 4 }));
    expect(error.message).toMatch(/^cp1: the VM's address was 127\.0\.0\.1 and is 127\.0\.0\.9 now: .*DHCP/);
    expect(error.message).toMatch(/certificates and its nodes name 127\.0\.0\.1, so nothing was changed/);
    expect(error.message).toContain("`multipass restart cp1`");
    expect(error.message).toContain("`multipass delete --purge cp1`, then `pulumi up --refresh`");
    expect(bench.multipass.changes()).toEqual([]);
    expect(bench.ssh.commands).toEqual([]);
  });

  test("an address that changed with the start of a stopped VM stops the update too", async () => {
    bench.multipass.put("cp1", { state: "Stopped", nextIpv4: ["127.0.0.9"] });
    const error = await errorOf(update({ ...recorded, state: "Stopped" }, inputs));
    expect(error.message).toMatch(/address was 127\.0\.0\.1 and is 127\.0\.0\.9 now/);
    expect(bench.ssh.commands).toEqual([]);
  });

  test("an address that has come back is what the state says again", async () => {
    expect(await update({ ...recorded, currentAddress: "127.0.0.9" }, inputs)).toEqual(recorded);
  });

  test("as the message says: what was purged by hand is read as gone, and made anew", async () => {
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
    const error = await errorOf(update(recorded, { ...inputs, cpus: 4 }));
    expect(error.message).toMatch(/^cp1: the VM that this stack made is gone\. Run `pulumi up --refresh`/);
    expect(bench.multipass.changes()).toEqual([]);
  });
});

describe("delete", () => {
  test.each(["Running", "Stopped", "Deleted"])("a %s VM is removed for good, by its own name alone", async (state) => {
    bench.multipass.put("cp1", { state });
    bench.multipass.put("other", { state: "Deleted" });
    await remove(recorded);
    expect(bench.multipass.changes()).toEqual(["delete --purge cp1"]);
    expect(Object.keys(bench.multipass.vms())).toEqual(["other"]);
  });

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
