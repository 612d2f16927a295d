import * as fs from "node:fs";
import { ensureImage } from "../../lab/multipass/image";
import { untilItSucceeds } from "../harness/eventually";
import { whyNoFakeMultipass } from "../harness/machines/multipass-hosts";
import { MultipassGuest } from "../harness/machines/multipass-guest";
import { MultipassHome } from "../harness/machines/multipass-home";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
jest.setTimeout(MINUTE);

const missing = whyNoFakeMultipass({ openssl: "openssl" });
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = missing ? `the fake Multipass (skipped: ${missing})` : "the fake Multipass";

let home: MultipassHome;
let guest: MultipassGuest;
const multipass: MultipassHome["multipass"] = (...words) => home.multipass(...words);
const info: MultipassHome["info"] = (name) => home.info(name);
const ssh: MultipassGuest["ssh"] = (command) => guest.ssh(command);

onHosts(title, () => {
  beforeAll(async () => {
    await ensureImage(() => undefined);
    home = MultipassHome.create();
    guest = await MultipassGuest.create(home);
  }, 20 * MINUTE);

  afterAll(async () => {
    await multipass("delete", "--all", "--purge");
    expect(home.traces()).toEqual([]);
    home.remove();
  }, 2 * MINUTE);

  test(
    "launches with the user-data that it reads from standard input, in 10 to 20 s where nothing else runs",
    async () => {
      const started = Date.now();
      const args = ["--name", "m1", "--cpus", "2", "--memory", "2G", "--disk", "10G", "--cloud-init", "-"];
      const ended = await home.run(["launch", "24.04", ...args], guest.userData());
      expect(ended).toEqual({ exitCode: 0, stdout: "Launched: m1", stderr: "" });
      expect(Date.now() - started).toBeLessThan(60 * SECOND);
      guest.address = (await info("m1")).ipv4[0] as string;
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
          ipv4: [`${home.network}.11`],
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
      list: [{ ipv4: [`${home.network}.11`], name: "m1", release: "Debian 12", state: "Running" }],
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
    expect((await guest.sshAs("admin", "sudo -n true")).exitCode).toBe(1);
    const ended = await guest.sshAs("admin", "echo homelab | sudo -S -p '' id -u");
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
    const ended = await home.run(
      ["exec", "m1", "--", "sh", "-c", 'cat; echo "$1"; id -un', "sh", "a  'b' $c"],
      "input\n",
    );
    expect(ended).toEqual({ exitCode: 0, stdout: "input\na  'b' $c\nubuntu", stderr: "" });
    expect(await multipass("exec", "m1", "ls", "--all")).toMatchObject({
      exitCode: 1,
      stderr: "Unknown option 'all'.",
    });
  });

  test("transfer copies to and from an instance", async () => {
    fs.writeFileSync(home.file("sent"), "content\n", { mode: 0o640 });
    expect(await multipass("transfer", home.file("sent"), "m1:received")).toMatchObject({ exitCode: 0 });
    expect((await multipass("exec", "m1", "--", "stat", "-c", "%a", "received")).stdout).toBe("640");
    expect((await multipass("transfer", "m1:received", "-")).stdout).toBe("content");
    await home.run(["transfer", "-", "m1:streamed"], "by stream");
    await multipass("transfer", "m1:streamed", home.file("back"));
    expect(home.read("back")).toBe("by stream");
    expect(await multipass("transfer", "/nowhere", "m1:x")).toMatchObject({
      exitCode: 2,
      stderr: '[sftp] cannot access "/nowhere": No such file or directory',
    });
  });

  test("further addresses of the machine come after its lease", async () => {
    await ssh(
      "sudo ip link add cni0 type bridge; sudo ip address add 10.244.7.1/24 dev cni0; sudo ip link set cni0 up",
    );
    expect((await info("m1")).ipv4).toEqual([guest.address, "10.244.7.1"]);
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
      expect(await info("m1")).toMatchObject({ state: "Running", ipv4: [guest.address] });
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
      home.knob("new-address.m1", "");
      expect(await multipass("restart", "m1")).toMatchObject({ exitCode: 0 });
      const [moved] = (await info("m1")).ipv4;
      expect(moved).toBe(`${home.network}.12`);
      home.knob("new-address.m1", `${home.network}.50`);
      await multipass("stop", "m1");
      await multipass("start", "m1");
      guest.address = (await info("m1")).ipv4[0] as string;
      expect(guest.address).toBe(`${home.network}.50`);
      expect(await ssh("hostname")).toBe("m1");
    },
    2 * MINUTE,
  );

  test(
    "a launch that times out ends with 5, and the instance lives on",
    async () => {
      home.knob("launch-delay", "6");
      const ended = await multipass("launch", "--name", "m2", "--timeout", "4");
      fs.rmSync(home.file("knobs", "launch-delay"));
      expect(ended).toEqual({ exitCode: 5, stdout: "", stderr: "Timed out waiting for instance launch." });
      await untilItSucceeds(async () => expect((await info("m2")).state).toBe("Running"));
      expect((await multipass("exec", "m2", "hostname")).stdout).toBe("m2");
    },
    2 * MINUTE,
  );

  test(
    "an instance that switches itself off is Stopped, and exec starts it",
    async () => {
      await multipass("exec", "m2", "--", "sudo", "systemctl", "poweroff");
      await untilItSucceeds(async () => expect((await info("m2")).state).toBe("Stopped"));
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
    "delete --purge removes one at once, running or not, with all that it had on this workstation",
    async () => {
      expect(await multipass("delete", "--purge", "m1")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(JSON.parse((await multipass("list", "--format", "json")).stdout)).toEqual({ list: [] });
      expect(home.traces()).toEqual([]);
    },
    MINUTE,
  );
});
