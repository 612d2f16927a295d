import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { generateKeyPair } from "../../providers/ssh-key/key-pair";
import { machineDriver } from "../../providers/nspawn/machine-driver";
import type { MachineInputs, MachineOutputs } from "../../providers/nspawn/machine";
import { networkDriver, type NetworkOutputs } from "../../providers/nspawn/network-driver";
import { powerDriver, type PowerInputs, type PowerOutputs } from "../../providers/nspawn/power-driver";
import { bootId } from "../../providers/nspawn/process";
import { readRecords } from "../../providers/nspawn/record";
import { withSsh } from "../../providers/ssh/connect";

const MINUTE = 60_000;
const missing = whatIsMissing();
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = missing ? `a machine in systemd-nspawn (skipped: ${missing})` : "a machine in systemd-nspawn";

// Names of this process alone: several runs may go on at once, beside a cluster.
const number = 1 + (process.pid % 250);
const bridge = `hlt-${number}`;
// The image is shared with every stack of this computer: it takes a minute and a half to build.
const stateDir = process.env["HOMELAB_TEST_STATE_DIR"] ?? "/var/lib/homelab/nspawn";
const clientKey = generateKeyPair();
const hostKey = generateKeyPair();

const networkInputs = {
  bridge,
  subnet: `10.91.${number}.0/24`,
  address: `10.91.${number}.1`,
  stateDir,
  owner: clientKey.public,
};
const inputs: MachineInputs = {
  name: "m1",
  address: `10.91.${number}.11`,
  prefixLength: 24,
  gateway: networkInputs.address,
  bridge,
  image: { distribution: "debian", release: "bookworm" },
  stateDir,
  user: "homelab",
  authorizedKey: clientKey.public,
  hostKeyPublic: hostKey.public,
  hostKeyPrivate: hostKey.private,
  clientKey: clientKey.private,
};

let network: NetworkOutputs;
let machine: { id: string; outputs: MachineOutputs };

onHosts(title, () => {
  beforeAll(async () => {
    network = (await networkDriver.create(networkInputs)).outputs;
  }, MINUTE);

  afterAll(async () => {
    const left = (await readRecords(stateDir)).filter((record) => record.bridge === bridge);
    for (const { incarnation } of left) {
      await machineDriver.delete("m1", { ...inputs, incarnation });
    }
    if (network) await networkDriver.delete(bridge, network);
  }, MINUTE);

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

  test("may make control groups of its own, as a kubelet does, and they are not the computer's", async () => {
    const root = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    expect(await onMachine(`sudo mkdir ${root}/kubepods && ls -d ${root}/kubepods`)).toBe(`${root}/kubepods`);
    expect(existsSync(`${root}/kubepods`)).toBe(false);
    await onMachine(`sudo rmdir ${root}/kubepods`);
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
      await eventually(async () => expect(await onMachine("cat /proc/1/stat | cut -d' ' -f22")).not.toBe(before));
      expect((await powerDriver.read?.("m1", power()))?.outputs.running).toBe(true);
    },
    2 * MINUTE,
  );

  test(
    "is found stopped after a poweroff, and the update that follows starts it",
    async () => {
      await onMachine("echo kept | sudo tee /root/mark >/dev/null; sudo systemctl poweroff").catch(() => undefined);
      const on = power();
      const found = await eventually(async () => {
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
      await eventually(async () => expect(await onMachine("echo back")).toBe("back"));
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
    "an address that somebody else on the bridge has is refused",
    async () => {
      // A second address of the machine itself: nothing records it.
      await onMachine(`sudo ip address add 10.91.${number}.99/24 dev host0`);
      const taken = machineDriver.create({ ...inputs, name: "m2", address: `10.91.${number}.99` });
      await expect(taken).rejects.toThrow(/m2: something answers at/);
    },
    MINUTE,
  );

  test("another stack's bridge, and an overlapping subnet, are refused", async () => {
    await expect(networkDriver.create({ ...networkInputs, owner: "another" })).rejects.toThrow(/did not make it/);
    const overlapping = networkDriver.create({
      ...networkInputs,
      bridge: `${bridge}x`,
      subnet: `10.91.${number}.128/25`,
    });
    await expect(overlapping).rejects.toThrow(new RegExp(`overlaps .* of the interface ${bridge}`));
    expect(interfaces()).not.toContain(`${bridge}x`);
  });

  test(
    "leaves nothing behind when it is deleted, and may be deleted twice",
    async () => {
      await machineDriver.delete(machine.id, machine.outputs);
      expect(traces(machine.outputs.incarnation)).toEqual([]);
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
      const record = `${stateDir}/machines/${bridge}/m1/machine.json`;
      await eventually(async () => expect(readFileSync(record, "utf8")).toContain(`"stage":"${stage}"`), 20);
      const left = JSON.parse(readFileSync(record, "utf8")) as { incarnation: string };
      maker.kill("SIGKILL");
      machine = await machineDriver.create(inputs);
      expect(await onMachine("hostname")).toBe("m1");
      if (left.incarnation !== machine.outputs.incarnation) expect(traces(left.incarnation)).toEqual([]);
      await machineDriver.delete(machine.id, machine.outputs);
      expect(traces(machine.outputs.incarnation)).toEqual([]);
    },
    3 * MINUTE,
  );

  test("the bridge goes when it is deleted, and a second delete finds nothing to do", async () => {
    expect(await networkDriver.read?.(bridge, network)).toMatchObject({ id: bridge });
    await networkDriver.delete(bridge, network);
    expect(interfaces()).not.toContain(bridge);
    expect(await networkDriver.read?.(bridge, network)).toBeUndefined();
    await networkDriver.delete(bridge, network);
  });
});

/** Makes the machine in a process of its own, which can be killed. */
const MAKER = `
const { machineDriver } = require("./providers/nspawn/machine-driver");
machineDriver.create(JSON.parse(process.env.MACHINE_INPUTS)).catch((error) => { console.error(error); process.exit(1); });
`;

/** The machine as one that runs. */
function power(): PowerOutputs {
  const { name, address, user, hostKeyPublic, clientKey: key } = inputs;
  const { incarnation } = machine.outputs;
  const started = { name, bridge, stateDir, incarnation, address, user, hostKeyPublic, clientKey: key };
  return { ...started, running: true, bootId: bootId() ?? "" };
}

async function onMachine(command: string): Promise<string> {
  const target = {
    name: "m1",
    host: inputs.address,
    port: 22,
    user: inputs.user,
    privateKey: inputs.clientKey,
    hostKey: inputs.hostKeyPublic,
  };
  return withSsh(target, { timeoutSeconds: 60 }, "testing", async (session) => {
    const result = await session.run(command, { timeoutSeconds: 150 });
    if (result.exitCode !== 0) throw new Error(`'${command}' ended with ${result.exitCode}: ${result.stderr}`);
    return result.stdout.trim();
  });
}

/** Tries until it succeeds, for a minute at most. */
async function eventually<T>(attempt: () => Promise<T>, everyMs = 500): Promise<T> {
  const deadline = Date.now() + MINUTE;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}

function interfaces(): string[] {
  return readdirSync("/sys/class/net");
}

/** Whatever on this computer carries the machine's name: processes, mounts, control groups, interfaces, files. */
function traces(incarnation: string): string[] {
  const mark = `m1-${incarnation.slice(0, 6)}`;
  const found = execFileSync("find", ["/sys/fs/cgroup", "/run/systemd/nspawn", "-name", `*${mark}*`], {
    encoding: "utf8",
  });
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const place = `${stateDir}/machines/${bridge}/m1`;
  return [
    ...found.split("\n").filter(Boolean),
    ...processes.filter((args) => args.includes(`--machine=${mark}`) || args.includes(`${place}/`)),
    ...mounts.filter((mount) => mount.includes(place)),
    ...interfaces().filter((name) => name.includes(mark)),
    ...[place].filter(
      (path) => existsSync(path) && readFileSync(`${place}/machine.json`, "utf8").includes(incarnation),
    ),
  ];
}

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "the tests of this file look at processes and interfaces, and need root";
  const tools = ["systemd-nspawn", "mmdebstrap", "ip", "setsid", "tar"].filter((tool) => {
    try {
      execFileSync("sh", ["-c", `command -v ${tool}`]);
      return false;
    } catch {
      return true;
    }
  });
  return tools.length > 0 ? `${tools.join(", ")} not installed` : undefined;
}
