import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { machineDriver } from "../../providers/machines/nspawn/machine-driver";
import type { MachineInputs, MachineOutputs } from "../../providers/machines/nspawn/machine";
import { networkDriver } from "../../providers/machines/nspawn/network-driver";
import { powerDriver, type PowerInputs, type PowerOutputs } from "../../providers/machines/nspawn/power-driver";
import { bootId } from "../../providers/machines/nspawn/process";
import { generateKeyPair } from "../../providers/machines/ssh-key/key-pair";
import { untilItSucceeds } from "../harness/eventually";
import { interfaces, NspawnDrivers, whyNoNspawn } from "../harness/machines/nspawn-drivers";

const MINUTE = 60_000;
const missing = whyNoNspawn();
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = missing ? `a machine in systemd-nspawn (skipped: ${missing})` : "a machine in systemd-nspawn";

let bench: NspawnDrivers;
let inputs: MachineInputs;
let machine: { id: string; outputs: MachineOutputs };
const onMachine: NspawnDrivers["onMachine"] = (command) => bench.onMachine(command);

onHosts(title, () => {
  beforeAll(async () => {
    bench = await NspawnDrivers.create();
    inputs = bench.inputs;
  }, MINUTE);

  afterAll(() => bench?.remove(), MINUTE);

  test(
    "is made, answers with its pinned key, and has booted as a host does",
    async () => {
      machine = await machineDriver.create(inputs);
      expect(machine.id).toBe(`m1-${machine.outputs.incarnation}`);
      expect(await onMachine("hostname")).toBe("m1");
      expect(await onMachine("sudo id -u")).toBe("0");
      expect(await onMachine("systemctl is-system-running")).toBe("running");
      expect((await onMachine("findmnt -no PROPAGATION /")).split(",")).toContain("shared");
      expect(await onMachine("sudo sshd -T | grep -i -E '^(passwordauthentication|usedns) ' | sort")).toBe(
        "passwordauthentication no\nusedns no",
      );
      expect(await onMachine("sudo ls /etc/ssh | grep ssh_host_")).toBe(
        "ssh_host_ed25519_key\nssh_host_ed25519_key.pub",
      );
    },
    10 * MINUTE,
  );

  test("may make control groups of its own, as a kubelet does, and they are not the workstation's", async () => {
    const root = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    expect(await onMachine(`sudo mkdir ${root}/kubepods && ls -d ${root}/kubepods`)).toBe(`${root}/kubepods`);
    expect(existsSync(`${root}/kubepods`)).toBe(false);
    await onMachine(`sudo rmdir ${root}/kubepods`);
  });

  test("lab-is-root: has what Cilium and a kubelet need, and none of what only reaches the workstation", async () => {
    // Their numbers in linux/capability.h.
    const dropped = {
      SYS_RAWIO: 17n,
      SYS_PACCT: 20n,
      SYS_TIME: 25n,
      MAC_OVERRIDE: 32n,
      MAC_ADMIN: 33n,
      WAKE_ALARM: 35n,
    };
    const kept = { NET_ADMIN: 12n, SYS_MODULE: 16n, SYS_PTRACE: 19n, SYS_ADMIN: 21n, SYSLOG: 34n };
    const boundOf = (status: string) => BigInt(`0x${/^CapBnd:\s*(\w+)$/m.exec(status)?.[1]}`);
    const [own, workstation] = [
      await onMachine("sudo cat /proc/self/status"),
      readFileSync("/proc/self/status", "utf8"),
    ].map(boundOf);
    const namesIn = (set = 0n, of: Record<string, bigint>) =>
      Object.keys(of).filter((name) => (set >> (of[name] ?? 0n)) & 1n);
    // Else the test would show nothing.
    expect(namesIn(workstation, dropped)).not.toEqual([]);
    expect(namesIn(own, dropped)).toEqual([]);
    expect(namesIn(own, kept)).toEqual(namesIn(workstation, kept));
  });

  test("looks unchanged right after it was made", async () => {
    const reading = await machineDriver.read?.(machine.id, machine.outputs);
    expect(reading).toEqual({ id: machine.id, inputs, outputs: machine.outputs });
    expect(machineDriver.diff(machine.id, machine.outputs, inputs).changes).toBe(false);
  });

  test(
    "comes back by itself when it is restarted from within",
    async () => {
      const before = await onMachine("cat /proc/1/stat | cut -d' ' -f22");
      await onMachine("sudo systemctl reboot").catch(() => undefined);
      await untilItSucceeds(async () => expect(await onMachine("cat /proc/1/stat | cut -d' ' -f22")).not.toBe(before));
      expect((await powerDriver.read?.("m1", power()))?.outputs.running).toBe(true);
    },
    2 * MINUTE,
  );

  test(
    "is found stopped after a poweroff, and the update that follows starts it",
    async () => {
      await onMachine("echo kept | sudo tee /root/mark >/dev/null; sudo systemctl poweroff").catch(() => undefined);
      const on = power();
      const found = await untilItSucceeds(async () => {
        const reading = await powerDriver.read?.("m1", on);
        expect(reading?.outputs.running).toBe(false);
        return reading as { inputs: PowerInputs; outputs: PowerOutputs };
      });
      expect(powerDriver.diff("m1", found.outputs, found.inputs)).toMatchObject({ changes: true, replaces: [] });
      expect(await powerDriver.update?.("m1", found.outputs, found.inputs)).toEqual(on);
      expect(await onMachine("sudo cat /root/mark")).toBe("kept");
    },
    2 * MINUTE,
  );

  test(
    "link-drop-mid-exec: a cable that is pulled is noticed within 30 s",
    async () => {
      const cable = interfaces().find((name) => name.startsWith("vb-m1-")) as string;
      const started = Date.now();
      const working = onMachine("sleep 120");
      setTimeout(() => execFileSync("ip", ["link", "set", cable, "down"]), 2_000);
      await expect(working).rejects.toMatchObject({ kind: "unreachable" });
      expect(Date.now() - started).toBeLessThan(33_000);
      execFileSync("ip", ["link", "set", cable, "up"]);
      await untilItSucceeds(async () => expect(await onMachine("echo back")).toBe("back"));
    },
    2 * MINUTE,
  );

  test(
    "takes a new key in place",
    async () => {
      const other = generateKeyPair();
      const wanted = { ...inputs, authorizedKey: other.public, clientKey: other.private };
      expect(machineDriver.diff(machine.id, machine.outputs, wanted)).toMatchObject({ changes: true, replaces: [] });
      const updated = (await machineDriver.update?.(machine.id, machine.outputs, wanted)) as MachineOutputs;
      await expect(onMachine("true")).rejects.toMatchObject({ kind: "authentication" });
      await machineDriver.update?.(machine.id, updated, inputs);
    },
    MINUTE,
  );

  test(
    "another stack's machine of the same name, or with the same address, is refused",
    async () => {
      const otherKey = generateKeyPair().public;
      await expect(machineDriver.create({ ...inputs, hostKeyPublic: otherKey })).rejects.toThrow(
        /m1: there is a machine/,
      );
      await expect(machineDriver.create({ ...inputs, name: "m2" })).rejects.toThrow(
        /m2: the address .* is the machine m1's/,
      );
    },
    MINUTE,
  );

  test(
    "an address that is in use on the bridge is refused",
    async () => {
      // A second address of the machine itself: nothing records it.
      await onMachine(`sudo ip address add ${bench.subnet}.99/24 dev host0`);
      const taken = machineDriver.create({ ...inputs, name: "m2", address: `${bench.subnet}.99` });
      await expect(taken).rejects.toThrow(/m2: something answers at/);
    },
    MINUTE,
  );

  test("another stack's bridge, and an overlapping subnet, are refused", async () => {
    await expect(networkDriver.create({ ...bench.networkInputs, owner: "another" })).rejects.toThrow(/did not make it/);
    const overlapping = networkDriver.create({
      ...bench.networkInputs,
      bridge: `${bench.bridge}x`,
      subnet: `${bench.subnet}.128/25`,
    });
    await expect(overlapping).rejects.toThrow(new RegExp(`overlaps .* of the interface ${bench.bridge}`));
    expect(interfaces()).not.toContain(`${bench.bridge}x`);
  });

  test(
    "leaves nothing behind when it is deleted, and may be deleted twice",
    async () => {
      await machineDriver.delete(machine.id, machine.outputs);
      expect(bench.traces(machine.outputs.incarnation)).toEqual([]);
      expect(await machineDriver.read?.(machine.id, machine.outputs)).toBeUndefined();
      await machineDriver.delete(machine.id, machine.outputs);
    },
    2 * MINUTE,
  );

  test.each(["claimed", "written"])(
    "a making that is killed when its tree is %s is finished by the next, and nothing of the first is left over",
    async (stage) => {
      const maker = spawn(process.execPath, ["--require", "tsx/cjs", "--eval", MAKER], {
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, MACHINE_INPUTS: JSON.stringify(inputs) },
      });
      const record = `${bench.place}/machine.json`;
      await untilItSucceeds(async () => expect(readFileSync(record, "utf8")).toContain(`"stage":"${stage}"`), 60, 20);
      const left = JSON.parse(readFileSync(record, "utf8")) as { incarnation: string };
      maker.kill("SIGKILL");
      machine = await machineDriver.create(inputs);
      expect(await onMachine("hostname")).toBe("m1");
      if (left.incarnation !== machine.outputs.incarnation) expect(bench.traces(left.incarnation)).toEqual([]);
      await machineDriver.delete(machine.id, machine.outputs);
      expect(bench.traces(machine.outputs.incarnation)).toEqual([]);
    },
    3 * MINUTE,
  );

  test("the bridge goes when it is deleted, and a second delete finds nothing to do", async () => {
    expect(await networkDriver.read?.(bench.bridge, bench.network)).toMatchObject({ id: bench.bridge });
    await networkDriver.delete(bench.bridge, bench.network);
    expect(interfaces()).not.toContain(bench.bridge);
    expect(await networkDriver.read?.(bench.bridge, bench.network)).toBeUndefined();
    await networkDriver.delete(bench.bridge, bench.network);
  });
});

/** Makes the machine in a process of its own, which can be killed. */
const MAKER = `
const { machineDriver } = require("./providers/machines/nspawn/machine-driver");
machineDriver.create(JSON.parse(process.env.MACHINE_INPUTS)).catch((error) => { console.error(error); process.exit(1); });
`;

/** The machine as one that runs. */
function power(): PowerOutputs {
  const { name, address, user, bridge, stateDir, hostKeyPublic, clientKey: key } = inputs;
  const { incarnation } = machine.outputs;
  const started = { name, bridge, stateDir, incarnation, address, user, hostKeyPublic, clientKey: key };
  return { ...started, running: true, bootId: bootId() ?? "" };
}
