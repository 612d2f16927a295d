import { symlinkSync } from "node:fs";
import { readShell } from "../../../providers/host/shell/library";
import { HostTree } from "../../harness/host-tree";

const SCRIPT = readShell(__dirname, "../../../providers/host/inspection/preflight-facts.sh");

let host: HostTree;
beforeEach(() => (host = new HostTree()));
afterEach(() => host.remove());

/** What a function of the facts prints on the host, whose programs may be missing. */
function facts(call: string, options: { without?: string[] } = {}): string {
  const without = (options.without ?? []).map((name) => `${name}() { return 127; }`).join("\n");
  const hidden = (options.without ?? []).map((name) => `[ "$2" = ${name} ] && return 1`).join("; ");
  const { status, stdout, stderr } = host.run(`set +e
${SCRIPT}
${without}
command() { ${hidden === "" ? "" : `${hidden};`} builtin command "$@"; }
${call}`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.replaceAll(host.root, "").trim();
}

/** Lines of /proc/self/mountinfo: what is mounted where, by which options. */
const mounts = (...lines: [at: string, type: string, options?: string, optional?: string][]) =>
  host.write(
    "proc/self/mountinfo",
    lines
      .map(([at, type, options = "rw", optional = ""], index) => {
        const moved = at === "/" ? "/" : host.at(at);
        return `${30 + index} 1 0:${index} / ${moved} ${options} ${optional}${optional && " "}- ${type} ${type} rw\n`;
      })
      .join(""),
  );

describe("ubuntu-2604", () => {
  test("ubuntu-2604: the cgroup version is read from cgroup.controllers, whatever stat calls the file system", () => {
    host.program("stat", "echo UNKNOWN");
    expect(facts("cgroup_version")).toBe("1");
    host.write("sys/fs/cgroup/unified/cgroup.controllers", "");
    expect(facts("cgroup_version")).toBe("1");
    host.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    expect(facts("cgroup_version")).toBe("2");
  });

  test("ubuntu-2604: snapd's loop mounts, and a df without GNU's options, leave the free space as it is", () => {
    host.program(
      "df",
      `[ "$1" = -Pk ] || exit 1
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
echo '/dev/sda2 30000000 10000000 9437184 50% /'`,
    );
    mounts(["/", "ext4"], ["snap/core22/1", "squashfs", "ro"], ["var/lib/snapd/snap", "squashfs", "ro"]);
    expect(facts("free_mib /var; mount_at /var/lib/containerd; is_read_only /var/lib || echo writable")).toBe(
      "9216\next4 rw\nwritable",
    );
  });
});

describe("pi-memory-cgroup", () => {
  test("pi-memory-cgroup: on cgroup v2 the controllers are those that the kernel gives", () => {
    host.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n");
    expect(facts("controllers")).toBe("cpuset cpu io pids");
  });

  test("pi-memory-cgroup: on cgroup v1 they are those that are switched on", () => {
    host.write(
      "proc/cgroups",
      "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t0\t95\t1\nmemory\t0\t95\t0\npids\t0\t95\t1\n",
    );
    expect(facts("controllers")).toBe("cpuset pids");
  });

  test("pi-memory-cgroup: the boot loader's file is the one that the system has", () => {
    const call = `say() { printf '%s\\n' "$*"; }; needed_modules=''; kernel_facts | grep -E 'boot|Arg'`;
    host.write("proc/cmdline", "cgroup_disable=memory console=tty1 cgroup_memory=1 rootwait\n");
    host.write("proc/swaps", "Filename Type Size Used Priority\n");
    host.write("etc/default/grub", "");
    expect(facts(call)).toBe(
      "fact cgroupArguments cgroup_disable=memory cgroup_memory=1 \nfact bootFile /etc/default/grub",
    );
    host.write("boot/firmware/cmdline.txt", "");
    expect(facts(call)).toMatch(/bootFile \/boot\/firmware\/cmdline.txt$/);
  });
});

describe("lxc-kmsg", () => {
  test("lxc-kmsg: what is mounted read-only is said, by the mount that has it", () => {
    host.write("proc/sys/kernel/x", "");
    host.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
    mounts(["/", "zfs"], ["proc", "proc"], ["proc/sys", "proc", "ro,nosuid"], ["sys/fs/cgroup", "cgroup2", "ro"]);
    expect(facts("read_only")).toBe("/proc/sys /sys/fs/cgroup");
    mounts(["/", "zfs"], ["proc", "proc"], ["sys", "sysfs", "ro"], ["sys/fs/cgroup", "cgroup2"]);
    expect(facts("read_only")).toBe("");
  });

  test("lxc-kmsg: of cgroup v1 the controllers count, not the folder above them", () => {
    for (const name of ["cpu", "memory", "pids"]) host.write(`sys/fs/cgroup/${name}/tasks`, "");
    mounts(
      ...([
        ["/", "ext4"],
        ["sys/fs/cgroup", "tmpfs", "ro"],
        ["sys/fs/cgroup/cpu", "cgroup"],
      ] as [string, string][]),
      ["sys/fs/cgroup/memory", "cgroup", "ro"],
      ["sys/fs/cgroup/pids", "cgroup"],
    );
    expect(facts("read_only")).toBe("/sys/fs/cgroup/memory");
  });

  test("lxc-kmsg: whether mounts are passed on is the root's own", () => {
    mounts(["/", "zfs", "rw", "shared:1"], ["var", "ext4"]);
    expect(facts("mount_at /")).toBe("zfs rw shared");
    mounts(["/", "zfs", "rw", "master:5"], ["var", "ext4", "rw", "shared:2"]);
    expect(facts("mount_at /")).toBe("zfs rw");
  });
});

test("zfs: the file system is the one that the images' folder will be on, through links", () => {
  host.write("data/images/x", "");
  host.write("var/lib/x", "");
  symlinkSync(host.at("data/images"), host.at("var/lib/containerd"));
  mounts(["/", "ext4"], ["var", "zfs"], ["data", "xfs", "rw", "shared:3"]);
  expect(facts("mount_at /var/lib/containerd; mount_at /var/lib/other")).toBe("xfs rw shared\nzfs rw");
});

test("opt-cni-owner: folders of another user are said, with that user", () => {
  host.write("opt/cni/bin/bridge", "");
  host.program("stat", `case \${!#} in */bin) echo 998 ;; *) echo 0 ;; esac`);
  expect(facts("owners")).toBe("/opt/cni/bin:998");
});

describe("address-not-there", () => {
  const TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.168.1.11
        /32 host LOCAL
     |-- 192.168.1.255
        /32 link BROADCAST
Local:
     |-- 192.168.1.11
        /32 host LOCAL
`;

  test("address-not-there: addresses and their devices come from the program ip", () => {
    host.program(
      "ip",
      `echo '1: lo    inet 127.0.0.1/8 scope host lo'
echo '2: eth0    inet 192.168.1.11/24 brd 192.168.1.255 scope global eth0'`,
    );
    expect(facts("addresses")).toBe("eth0:192.168.1.11/24");
  });

  test("address-not-there: where it is not installed they come from the kernel's own list", () => {
    host.write("proc/net/fib_trie", TRIE);
    expect(facts("addresses", { without: ["ip"] })).toBe(":192.168.1.11/32");
  });
});

test("uuid-placeholder: MACs are those of real devices and of devices with an address, each with its name", () => {
  for (const [name, mac] of [
    ["eth0", "02:00:00:00:00:01"],
    ["br0", "02:00:00:00:00:02"],
    ["docker0", "02:00:00:00:00:03"],
  ] as const) {
    host.write(`sys/class/net/${name}/address`, `${mac}\n`);
  }
  host.write("sys/class/net/eth0/device/vendor", "");
  expect(facts("device_macs 'br0:192.168.1.11/24'")).toBe("br0=02:00:00:00:00:02 eth0=02:00:00:00:00:01");
});

test("resolv-empty: comments and other lines are no servers", () => {
  host.write("etc/resolv.conf", "# nameserver 9.9.9.9\nsearch lan\n; nameserver 1.1.1.1\n");
  expect(facts("nameservers /etc/resolv.conf; nameservers /etc/no-such-file")).toBe("");
  host.write("etc/resolv.conf", "search lan\nnameserver   192.168.1.1\n\tnameserver fd00::1 \n");
  expect(facts("nameservers /etc/resolv.conf")).toBe("192.168.1.1 fd00::1");
});

test("iscsi-late: a module is present, can be loaded, or is missing, also without the program modprobe", () => {
  host.write("sys/module/dm_crypt/refcnt", "0\n");
  host.program("modprobe", `[ "\${!#}" = iscsi_tcp ]`);
  const call = "needed_modules='dm_crypt iscsi_tcp vxlan'; modules";
  expect(facts(call)).toBe("dm_crypt:present iscsi_tcp:loadable vxlan:missing");
  host.program("modprobe", "exit 127");
  expect(facts(call)).toBe("dm_crypt:present iscsi_tcp:missing vxlan:missing");
});
