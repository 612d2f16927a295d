import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import execa from "execa";

import { ensureImage } from "../../lab/multipass/image";
import { freeNetwork } from "../harness/lab-settings";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
jest.setTimeout(MINUTE);
const PROGRAM = path.resolve("lab/multipass/bin/multipass");

const missing = whatIsMissing();
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = missing ? `the Multipass stand-in (skipped: ${missing})` : "the Multipass stand-in";

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

let home: string;
let network: string;
let hostKey: string;
let address: string;

onHosts(title, () => {
  beforeAll(async () => {
    await ensureImage(() => undefined);
    home = fs.mkdtempSync(path.join(os.tmpdir(), "multipass-"));
    network = freeNetwork();
    fs.mkdirSync(path.join(home, "knobs"));
    for (const key of ["host", "client"]) {
      await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", path.join(home, key)]);
    }
    hostKey = file("host.pub").split(" ").slice(0, 2).join(" ");
  }, 20 * MINUTE);

  afterAll(async () => {
    await multipass("delete", "--all", "--purge");
    expect(traces()).toEqual([]);
    fs.rmSync(home, { recursive: true });
  }, 2 * MINUTE);

  test(
    "launches with the user-data that it reads from standard input, in 10 to 20 s where nothing else runs",
    async () => {
      const started = Date.now();
      const args = ["--name", "m1", "--cpus", "2", "--memory", "2G", "--disk", "10G", "--cloud-init", "-"];
      const ended = await run(["launch", "24.04", ...args], userData());
      expect(ended).toEqual({ exitCode: 0, stdout: "Launched: m1", stderr: "" });
      expect(Date.now() - started).toBeLessThan(60 * SECOND);
      address = (await info("m1")).ipv4[0] as string;
    },
    2 * MINUTE,
  );

  test("info and list say what the instance is, in the client's shapes", async () => {
    const { stdout } = await multipass("info", "m1", "--format", "json");
    expect(JSON.parse(stdout)).toEqual({
      errors: [],
      info: {
        m1: {
          cpu_count: "2",
          disks: { sda1: { total: String(10 * 1024 ** 3), used: expect.stringMatching(/^\d+$/) as string } },
          image_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          image_release: "12",
          ipv4: [`${network}.11`],
          load: [expect.any(Number), expect.any(Number), expect.any(Number)],
          memory: { total: 2 * 1024 ** 3, used: expect.any(Number) as number },
          mounts: {},
          release: "Debian GNU/Linux 12 (bookworm)",
          snapshot_count: "0",
          state: "Running",
        },
      },
    });
    expect(JSON.parse((await multipass("list", "--format=json")).stdout)).toEqual({
      list: [{ ipv4: [`${network}.11`], name: "m1", release: "Debian 12", state: "Running" }],
    });
  });

  test("cloud-init did what the user-data says: user, keys, host key, hostname, file, without an error", async () => {
    expect(await ssh("hostname; id -un; sudo -n id -u; sudo cat /etc/greeting")).toBe("m1\nhomelab\n0\nhello 0600");
    expect(await ssh("sudo stat -c %a /etc/greeting")).toBe("600");
    expect(await ssh("sudo ls /etc/ssh | grep 'ssh_host_.*pub'")).toBe("ssh_host_ed25519_key.pub");
    expect((await ssh("cloud-init status --wait")).replace(/^\W+/, "")).toBe("status: done");
    expect(await ssh("systemctl is-system-running --wait")).toBe("running");
    expect(await ssh("sudo stat -c %U:%a /var/lib/cloud/seed/nocloud/user-data")).toBe("root:600");
  });

  test("a user may have a password for sudo, and needs it", async () => {
    expect((await sshEnded("-l", "admin", "sudo -n true")).exitCode).toBe(1);
    const ended = await sshEnded("-l", "admin", "echo homelab | sudo -S -p '' id -u");
    expect(ended).toMatchObject({ exitCode: 0, stdout: "0" });
  });

  test("what Kubernetes needs of a machine is there: groups and mounts of its own, the kernel's log, file systems", async () => {
    expect(await ssh("findmnt -no PROPAGATION /")).toContain("shared");
    const memory = fs.existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    await ssh(`sudo mkdir ${memory}/kubepods`);
    expect(fs.existsSync(`${memory}/kubepods`)).toBe(false);
    await ssh(`sudo rmdir ${memory}/kubepods; sudo test -r /dev/kmsg; mountpoint -q /sys/fs/bpf`);
    expect(await ssh("sudo sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' && cat /proc/sys/net/ipv4/ip_forward")).toBe(
      "1",
    );
    expect(await ssh("ping -c 1 -W 2 -q $(ip route show default | cut -d' ' -f3) >/dev/null && echo reached")).toBe(
      "reached",
    );
  });

  test(
    "apt finds the distribution's packages without a way out",
    async () => {
      const install =
        "sudo apt-get -qq update && sudo DEBIAN_FRONTEND=noninteractive apt-get -qq -y install conntrack socat";
      await ssh(`${install} >/dev/null 2>&1`);
      expect(await ssh("dpkg-query -W -f '${Package}\\n' conntrack socat")).toBe("conntrack\nsocat");
    },
    MINUTE,
  );

  test("exec answers the program's own exit code, and passes its input and its words as they are", async () => {
    expect(await multipass("exec", "m1", "--", "sh", "-c", "exit 41")).toMatchObject({ exitCode: 41 });
    const ended = await run(["exec", "m1", "--", "sh", "-c", 'cat; echo "$1"; id -un', "sh", "a  'b' $c"], "input\n");
    expect(ended).toEqual({ exitCode: 0, stdout: "input\na  'b' $c\nubuntu", stderr: "" });
    expect(await multipass("exec", "m1", "ls", "--all")).toMatchObject({
      exitCode: 1,
      stderr: "Unknown option 'all'.",
    });
  });

  test("transfer copies to and from an instance", async () => {
    fs.writeFileSync(path.join(home, "sent"), "content\n", { mode: 0o640 });
    expect(await multipass("transfer", path.join(home, "sent"), "m1:received")).toMatchObject({ exitCode: 0 });
    expect((await multipass("exec", "m1", "--", "stat", "-c", "%a", "received")).stdout).toBe("640");
    expect((await multipass("transfer", "m1:received", "-")).stdout).toBe("content");
    await run(["transfer", "-", "m1:streamed"], "by stream");
    await multipass("transfer", "m1:streamed", path.join(home, "back"));
    expect(file("back")).toBe("by stream");
    expect(await multipass("transfer", "/nowhere", "m1:x")).toMatchObject({
      exitCode: 2,
      stderr: '[sftp] cannot access "/nowhere": No such file or directory',
    });
  });

  test("further addresses of the machine come after its lease", async () => {
    await ssh(
      "sudo ip link add cni0 type bridge; sudo ip address add 10.244.7.1/24 dev cni0; sudo ip link set cni0 up",
    );
    expect((await info("m1")).ipv4).toEqual([address, "10.244.7.1"]);
  });

  test("a taken name is refused, whoever has it", async () => {
    const stderr = 'launch failed: instance "m1" already exists';
    expect(await multipass("launch", "--name", "m1")).toEqual({ exitCode: 2, stdout: "", stderr });
  });

  test(
    "a restart keeps the address, and is over when the daemon can log in",
    async () => {
      const before = await ssh("cat /proc/sys/kernel/random/boot_id; cut -d' ' -f22 /proc/1/stat");
      expect(await multipass("restart", "m1")).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await info("m1")).toMatchObject({ state: "Running", ipv4: [address] });
      expect(await ssh("cat /proc/sys/kernel/random/boot_id; cut -d' ' -f22 /proc/1/stat")).not.toBe(before);
    },
    MINUTE,
  );

  test(
    "only a stopped instance's settings can be changed; a disk only grows; info says the new ones once it runs",
    async () => {
      const refused =
        "set failed: Cannot update instance settings; instance: m1; reason: Instance must be stopped for modification";
      expect(await multipass("set", "local.m1.cpus=3")).toEqual({ exitCode: 2, stdout: "", stderr: refused });
      expect(await multipass("stop", "m1")).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await info("m1")).toMatchObject({
        state: "Stopped",
        ipv4: [],
        load: [],
        cpu_count: "",
        memory: {},
        release: "",
      });
      expect((await multipass("set", "local.m1.disk=9G")).stderr).toBe(
        "set failed: Invalid setting 'local.m1.disk=9G': Disk can only be expanded",
      );
      for (const pair of ["cpus=3", "memory=3G", "disk=12G"]) {
        expect(await multipass("set", `local.m1.${pair}`)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      }
      expect((await multipass("get", "local.m1.memory")).stdout).toBe("3.0GiB");
      expect(await multipass("start", "m1")).toMatchObject({ exitCode: 0, stderr: "" });
      const changed = { state: "Running", cpu_count: "3", memory: { total: 3 * 1024 ** 3 } };
      expect(await info("m1")).toMatchObject(changed);
    },
    2 * MINUTE,
  );

  test(
    "an instance gets another address at its next boot when the test says so",
    async () => {
      fs.writeFileSync(path.join(home, "knobs", "new-address.m1"), "");
      expect(await multipass("restart", "m1")).toMatchObject({ exitCode: 0 });
      const [moved] = (await info("m1")).ipv4;
      expect(moved).toBe(`${network}.12`);
      fs.writeFileSync(path.join(home, "knobs", "new-address.m1"), `${network}.50`);
      await multipass("stop", "m1");
      await multipass("start", "m1");
      address = (await info("m1")).ipv4[0] as string;
      expect(address).toBe(`${network}.50`);
      expect(await ssh("hostname")).toBe("m1");
    },
    2 * MINUTE,
  );

  test(
    "a launch that times out ends with 5, and the instance lives on",
    async () => {
      fs.writeFileSync(path.join(home, "knobs", "launch-delay"), "6");
      const ended = await multipass("launch", "--name", "m2", "--timeout", "4");
      fs.rmSync(path.join(home, "knobs", "launch-delay"));
      expect(ended).toEqual({ exitCode: 5, stdout: "", stderr: "Timed out waiting for instance launch." });
      await eventually(async () => expect((await info("m2")).state).toBe("Running"));
      expect((await multipass("exec", "m2", "hostname")).stdout).toBe("m2");
    },
    2 * MINUTE,
  );

  test(
    "an instance that switches itself off is Stopped, and exec starts it",
    async () => {
      await multipass("exec", "m2", "--", "sudo", "systemctl", "poweroff");
      await eventually(async () => expect((await info("m2")).state).toBe("Stopped"));
      expect(await multipass("exec", "m2", "hostname")).toMatchObject({ exitCode: 0, stdout: "m2" });
    },
    2 * MINUTE,
  );

  test(
    "delete leaves an instance as Deleted, which nothing but recover and purge touches; purge takes all of them",
    async () => {
      expect(await multipass("delete", "m2")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect((await info("m2")).state).toBe("Deleted");
      const deleted = 'exec failed: The following errors occurred:\ninstance "m2" is deleted';
      expect(await multipass("exec", "m2", "true")).toMatchObject({ exitCode: 2, stderr: deleted });
      expect((await multipass("launch", "--name", "m2")).stderr).toBe('launch failed: instance "m2" already exists');
      await multipass("recover", "m2");
      expect((await info("m2")).state).toBe("Stopped");
      await multipass("delete", "m2");
      await multipass("purge");
      expect((await multipass("info", "m2")).stderr).toBe(
        'info failed: The following errors occurred:\ninstance "m2" does not exist',
      );
      expect((await info("m1")).state).toBe("Running");
    },
    2 * MINUTE,
  );

  test(
    "delete --purge removes one at once, running or not, with all that it had on this computer",
    async () => {
      expect(await multipass("delete", "--purge", "m1")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(JSON.parse((await multipass("list", "--format", "json")).stdout)).toEqual({ list: [] });
      expect(traces()).toEqual([]);
    },
    MINUTE,
  );
});

/** All that a driver and the tests of existing hosts ask of cloud-init. */
function userData(): string {
  const indented = file("host").trimEnd().replaceAll("\n", "\n    ");
  const key = file("client.pub").trim();
  return `#cloud-config
hostname: m1
ssh_deletekeys: true
ssh_genkeytypes: []
ssh_keys:
  ed25519_private: |
    ${indented}
  ed25519_public: ${hostKey}
users:
  - name: homelab
    shell: /bin/bash
    lock_passwd: true
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: ["${key}"]
  - name: admin
    shell: /bin/bash
    lock_passwd: false
    passwd: ${passwordHash()}
    sudo: ALL=(ALL) ALL
    ssh_authorized_keys: ["${key}"]
write_files:
  - path: /etc/greeting
    permissions: 0600
    content: hello 0600
`;
}

/** Of the password "homelab"; openssl makes it as mkpasswd does. */
function passwordHash(): string {
  return execa.sync("openssl", ["passwd", "-6", "-salt", randomBytes(6).toString("hex"), "homelab"]).stdout;
}

function file(name: string): string {
  return fs.readFileSync(path.join(home, name), "utf8");
}

async function multipass(...words: string[]): Promise<Ended> {
  return run(words, "");
}

async function run(words: string[], input: string): Promise<Ended> {
  const env = { MULTIPASS_STANDIN_HOME: home, MULTIPASS_STANDIN_SUBNET: `${network}.0/24` };
  const { exitCode, stdout, stderr } = await execa(PROGRAM, words, { env, input, reject: false });
  return { exitCode, stdout, stderr };
}

async function info(name: string): Promise<{ state: string; ipv4: string[] } & Record<string, unknown>> {
  const { stdout, stderr } = await multipass("info", name, "--format", "json");
  if (!stdout) throw new Error(stderr);
  const answer = JSON.parse(stdout) as { info: Record<string, { state: string; ipv4: string[] }> };
  return answer.info[name] as { state: string; ipv4: string[] } & Record<string, unknown>;
}

/** A login as the program does it: with the host key that the user-data brought, and no other. */
async function sshEnded(...words: string[]): Promise<Ended> {
  const known = path.join(home, "known_hosts");
  fs.writeFileSync(known, `${address} ${hostKey}\n`);
  const settings = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "BatchMode=yes", "LogLevel=ERROR"];
  const options = [...settings, "IdentitiesOnly=yes", "User=homelab"].flatMap((setting) => ["-o", setting]);
  const user = words[0] === "-l" ? words.splice(0, 2) : [];
  const args = ["-F", "/dev/null", "-i", path.join(home, "client"), ...user, ...options, address, ...words];
  const { exitCode, stdout, stderr } = await execa("ssh", args, { reject: false, stdin: "ignore" });
  return { exitCode, stdout, stderr };
}

async function ssh(command: string): Promise<string> {
  const ended = await sshEnded(command);
  if (ended.exitCode !== 0)
    throw new Error(`'${command}' ended with ${ended.exitCode}: ${ended.stdout}${ended.stderr}`);
  return ended.stdout;
}

/** What a home that has no instances must not leave on this computer: bridge, cables, processes, mounts, groups. */
function traces(): string[] {
  const bridge = `mp-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`;
  const mine = (name: string): boolean => /^(vb-)?mp[0-9a-f]{8}$/.test(name) && !before.has(name);
  const groups = execa.sync("find", ["/sys/fs/cgroup", "-maxdepth", "3", "-type", "d", "-name", "mp????????"]).stdout;
  return [
    ...fs.readdirSync("/sys/class/net").filter((name) => name === bridge || mine(name)),
    ...groups.split("\n").filter((group) => mine(path.basename(group))),
    ...fs
      .readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(home)),
    ...fs.readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(home)),
    ...fs.readdirSync(path.join(home, "instances")),
    ...fs.readdirSync(path.join(home, "leases")),
  ];
}

function commandLine(pid: string): string {
  try {
    // This process and its children hold the home in their words as well, but none outlives a command.
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8") + fs.readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

/** Machines of other homes may be there. */
const before = new Set(
  fs.existsSync("/sys/class/net")
    ? fs.readdirSync("/sys/class/net").flatMap((name) => [name, name.replace(/^vb-/, "")])
    : [],
);

async function eventually(attempt: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + MINUTE;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function whatIsMissing(): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  const programs = ["systemd-nspawn", "mmdebstrap", "ssh-keygen", "openssl"];
  const paths = (process.env.PATH ?? "").split(path.delimiter);
  const absent = programs.filter((program) => !paths.some((folder) => fs.existsSync(path.join(folder, program))));
  return absent.length > 0 ? `it needs ${absent.join(", ")}` : undefined;
}
