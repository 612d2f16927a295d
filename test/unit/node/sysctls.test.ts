import type { StepArgs } from "../../../components/node/step";
import { kernelModules } from "../../../components/node/kernel-modules";
import { sysctls } from "../../../components/node/sysctls";
import { HostTree } from "../../harness/host-tree";

let host: HostTree;
beforeEach(() => {
  host = new HostTree();
  host.program("systemctl", "exit 1");
  kernel("net/ipv4/ip_forward", "0");
  kernel("fs/inotify/max_user_instances", "128");
  kernel("fs/inotify/max_user_watches", "8192");
});
afterEach(() => host.remove());

const OWN = "etc/sysctl.d/99-zz-homelab.conf";
const LEAST = "etc/sysctl.d/99-zz-homelab-least.conf";
const kernel = (file: string, value: string) => host.write(`proc/sys/${file}`, `${value}\n`);
const value = (file: string) => host.read(`proc/sys/${file}`).trim();

const stepArgs = (settings: { sysctls?: Record<string, string>; modules?: string[]; sharedKernel?: boolean } = {}) =>
  ({ modules: [], sysctls: {}, sharedKernel: false, ...settings }) as Partial<StepArgs> as StepArgs;
const run = (settings?: Parameters<typeof stepArgs>[0]) => host.run(sysctls.commands(stepArgs(settings)));
const undo = () => host.run("restore_sysctl");

test("the needed ones are set now and for the boot, without the program sysctl", () => {
  expect(run()).toMatchObject({ status: 0, stderr: "" });
  expect([value("net/ipv4/ip_forward"), value("fs/inotify/max_user_watches")]).toEqual(["1", "524288"]);
  expect(host.read(OWN)).toBe("# Written by homelab.\nnet.ipv4.ip_forward = 1\n");
  expect(host.read(LEAST)).toContain("\nfs.inotify.max_user_watches = 524288\n");
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(undo()).toEqual({ status: 0, stdout: "", stderr: "" });
  expect([value("net/ipv4/ip_forward"), value("fs/inotify/max_user_watches")]).toEqual(["0", "8192"]);
});

test("sysctl-slash: a device whose name has a dot is set, read back, expected and put back", () => {
  kernel("net/ipv4/conf/eth0.100/rp_filter", "2");
  const settings = { sysctls: { "net.ipv4.conf.eth0/100.rp_filter": "0" } };
  expect(run(settings)).toMatchObject({ status: 0, stderr: "" });
  expect(value("net/ipv4/conf/eth0.100/rp_filter")).toBe("0");
  expect(host.read(OWN)).toContain("\nnet.ipv4.conf.eth0/100.rp_filter = 0\n");
  expect(host.run("observe sysctl net.ipv4.conf.eth0/100.rp_filter").stdout).toBe("0\n");
  undo();
  expect(value("net/ipv4/conf/eth0.100/rp_filter")).toBe("2");
});

describe("limits of the host", () => {
  test("sysctl-lowered: limits that are higher on the host stay, now and at the boot", () => {
    kernel("fs/inotify/max_user_watches", "1048576");
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    expect(value("fs/inotify/max_user_watches")).toBe("1048576");
    expect(host.read(LEAST)).toContain("\nfs.inotify.max_user_watches = 1048576\n");
    expect(sysctls.expected(stepArgs())).toContainEqual({
      kind: "sysctl-minimum",
      key: "fs.inotify.max_user_watches",
      value: "524288",
    });
  });

  test.each(["fs.inotify.max_user_watches = 2000000", "-fs/inotify/max_user_watches=2000000"])(
    "sysctl-lowered: a file of the host that is read before ours, with '%s', is not lowered at the boot",
    (line) => {
      host.write("etc/sysctl.d/40-watches.conf", `# more\n${line}\n`);
      run();
      expect(host.read(LEAST)).toContain("\nfs.inotify.max_user_watches = 2000000\n");
    },
  );

  test("sysctl-lowered: limits that an earlier checkout has lowered are raised to what they were", () => {
    host.write("var/lib/homelab/before/journal", "sysctl\tfs.inotify.max_user_watches\t1048576\n");
    kernel("fs/inotify/max_user_watches", "524288");
    run();
    expect(value("fs/inotify/max_user_watches")).toBe("1048576");
  });

  test("sysctl-lowered: what the settings say is set exactly", () => {
    kernel("fs/inotify/max_user_watches", "1048576");
    run({ sysctls: { "fs.inotify.max_user_watches": "100000" } });
    expect(value("fs/inotify/max_user_watches")).toBe("100000");
    expect(host.read(OWN)).toContain("\nfs.inotify.max_user_watches = 100000\n");
    expect(host.read(LEAST)).not.toContain("max_user_watches");
  });

  test("sysctl-lowered: on a shared kernel they are raised, and not written down", () => {
    run({ sharedKernel: true });
    expect(value("fs/inotify/max_user_watches")).toBe("524288");
    expect(host.has(LEAST)).toBe(false);
  });
});

describe("the sysctls of bridges", () => {
  const BRIDGE = "net/bridge/bridge-nf-call-iptables";
  const MODULES = "etc/modules-load.d/homelab.conf";
  const loadModules = (settings?: Parameters<typeof stepArgs>[0]) =>
    host.run(kernelModules.commands(stepArgs(settings)));
  /** What a checkout before this one has left on the host, on which br_netfilter was not loaded, or was. */
  const before = (loaded: boolean) => {
    host.write(MODULES, "# Written by homelab. Kubernetes needs these modules.\nbr_netfilter\noverlay\n");
    host.write(OWN, "# Written by homelab.\nnet.bridge.bridge-nf-call-iptables = 1\nnet.ipv4.ip_forward = 1\n");
    host.write(
      "var/lib/homelab/before/journal",
      `${loaded ? "" : "module\tbr_netfilter\tmissing\n"}sysctl\tnet.bridge.bridge-nf-call-iptables\t${loaded ? "0" : "1"}\n`,
    );
    kernel(BRIDGE, "1");
    kernel("net/ipv4/ip_forward", "1");
    host.write("sys/module/br_netfilter/refcnt", "0\n");
  };

  beforeEach(() => {
    host.write("sys/module/overlay/refcnt", "1\n");
    host.program(
      "modprobe",
      `case $1 in
  -r) rm -r "$HOST/sys/module/$3"; [ "$3" != br_netfilter ] || rm -r "$HOST/proc/sys/net/bridge" ;;
  --) mkdir -p "$HOST/sys/module/$2" ;;
esac`,
    );
  });

  test("bridge-nf: a fresh host gets neither the module nor its sysctls", () => {
    expect(loadModules()).toMatchObject({ status: 0, stderr: "" });
    run();
    expect(host.read(MODULES)).toBe("# Written by homelab. Kubernetes needs these modules.\noverlay\n");
    expect([host.has("sys/module/br_netfilter"), host.read(OWN).includes("bridge")]).toEqual([false, false]);
  });

  test("bridge-nf: where this program loaded it, it is unloaded, and its sysctls are forgotten", () => {
    before(false);
    expect(loadModules()).toEqual({
      status: 0,
      stdout: `unloaded br_netfilter\nwrote ${host.at(MODULES)}\n`,
      stderr: "",
    });
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    expect(host.has("sys/module/br_netfilter")).toBe(false);
    // The removal of the host has nothing to say of a sysctl that went with its module.
    expect(undo()).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("bridge-nf: where it was there before, it stays, and its sysctls get back what they were", () => {
    before(true);
    loadModules();
    expect(run().stdout).toContain("set net.bridge.bridge-nf-call-iptables back to 0\n");
    expect([host.has("sys/module/br_netfilter"), value(BRIDGE)]).toEqual([true, "0"]);
    kernel(BRIDGE, "1");
    // Others changed it after us.
    expect(run().stdout).not.toContain("bridge-nf");
    expect(value(BRIDGE)).toBe("1");
  });

  test("bridge-nf: a module that another list has for the boot stays", () => {
    before(false);
    host.write("etc/modules-load.d/docker.conf", "br-netfilter\n");
    loadModules();
    expect(host.has("sys/module/br_netfilter")).toBe(true);
  });

  test("bridge-nf: who asks for the sysctls in the settings gets the module with them", () => {
    const settings = { sysctls: { "net.bridge.bridge-nf-call-iptables": "1" } };
    loadModules(settings);
    expect(host.read(MODULES)).toContain("\nbr_netfilter\noverlay\n");
  });
});

describe("modules", () => {
  beforeEach(() => {
    host.write("sys/module/overlay/refcnt", "1\n");
    // The kernel has the sysctls of a module when it is loaded.
    host.program(
      "modprobe",
      `mkdir -p "$HOST/sys/module/$2" "$HOST/proc/sys/net/netfilter"; echo 65536 >"$HOST/proc/sys/net/netfilter/nf_conntrack_max"`,
    );
  });

  test("modules-late: the module that a sysctl needs is loaded before it, and listed for the boot", () => {
    const settings = { sysctls: { "net.netfilter.nf_conntrack_max": "262144" } };
    expect(host.run(kernelModules.commands(stepArgs(settings)))).toMatchObject({ status: 0, stderr: "" });
    expect(run(settings)).toMatchObject({ status: 0, stderr: "" });
    expect(value("net/netfilter/nf_conntrack_max")).toBe("262144");
    expect(host.read("etc/modules-load.d/homelab.conf")).toContain("\nnf_conntrack\noverlay\n");
  });

  test("modules-late: modules of the settings are loaded and expected by the name that the kernel has", () => {
    const settings = stepArgs({ modules: ["dm-thin-pool"] });
    expect(host.run(kernelModules.commands(settings))).toMatchObject({ status: 0, stderr: "" });
    expect(kernelModules.expected(settings)).toContainEqual({ kind: "module", key: "dm_thin_pool", value: "present" });
    expect(host.has("sys/module/dm_thin_pool")).toBe(true);
  });

  test("modules-late: a sysctl that the kernel does not have names the setting for modules", () => {
    expect(run({ sysctls: { "dev.raid.speed_limit_max": "1" } }).stderr).toMatch(/is 'missing'.*homelab:modules/);
  });
});

test("lxc-kmsg: a host on another's kernel is told to load the module where the kernel is, not on the workstation", () => {
  host.program("modprobe", "exit 1");
  const { stderr } = host.run(kernelModules.commands(stepArgs({ sharedKernel: true, modules: ["nf_conntrack"] })));
  expect(stderr).toMatch(/'modprobe nf_conntrack' on the host that lends the kernel \(Proxmox/);
});
