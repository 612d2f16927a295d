import { differences } from "../harness/machines/test-host";
import type { VmHost } from "../harness/machines/vm-host";
import { OWN_SWAP, titleOf, VmHosts } from "../harness/machines/vm-hosts";
import { whyNoVms } from "../harness/machines/vm-tree";
import { LabStack } from "../harness/stacks/lab-stack";
import { HOSTS_PROGRAM } from "../host/hosts";
import { versions } from "../../versions";

jest.setTimeout(15 * 60_000);

const missing = whyNoVms();
// The report shows the reason.
const onVm = missing ? describe.skip : describe;

let hosts: VmHosts;
let host: VmHost;
let stack: LabStack;
let before: string;

onVm(titleOf("a host with a kernel of its own (Debian 13)", missing), () => {
  beforeAll(async () => {
    hosts = await VmHosts.create("vm", [{ release: "trixie" }]);
    host = hosts.host(0);
    await host.run(OWN_SWAP);
    before = await host.digest();
    stack = await LabStack.create({ name: "vm", roles: ["control-plane"], program: HOSTS_PROGRAM, hosts });
  });

  afterAll(async () => {
    try {
      await stack?.remove();
    } finally {
      await hosts?.remove();
    }
  });

  test("has what containers have not: cgroup v2, modules to load, swap, AppArmor, multipathd, unattended-upgrades", async () => {
    expect(await host.run("stat -fc %T /sys/fs/cgroup; swapon --noheadings --show=NAME")).toBe("cgroup2fs\n/swapfile");
    expect(await host.run("lsmod | grep -c '^overlay ' || true")).toBe("0");
    const active = "systemctl is-active apparmor multipathd unattended-upgrades apt-daily.timer | sort -u";
    expect(await host.run(active)).toBe("active");
  });

  test("gets all steps by one up", async () => {
    await stack.up();
    expect(await host.run("swapon --noheadings --show=NAME; lsmod | grep -c '^overlay '")).toBe("1");
    expect(await host.run("kubeadm version -o short; sysctl -n net.ipv4.ip_forward")).toBe(
      `v${versions.kubernetes}\n1`,
    );
    expect(await host.run("containerd config dump | grep -c 'SystemdCgroup = true'")).toBe("1");
  });

  test("swap-on + reboot, module-not-loaded-after-reboot: after a restart swap is off, modules and sysctls are there, and nothing drifted", async () => {
    await host.restart();
    expect(await host.run("swapon --noheadings --show=NAME; lsmod | grep -c '^overlay '")).toBe("1");
    expect(
      await host.run("sysctl -n net.ipv4.ip_forward fs.inotify.max_user_instances; systemctl is-active containerd"),
    ).toBe("1\n512\nactive");
    const logins = await host.logins();
    await stack.refresh();
    expect(await host.logins()).toBe(logins + 1);
    expect(await stack.plan()).toEqual([]);
  });

  test("drill-clean-destroy: is what it was before its first up where it is removed, with swap on", async () => {
    await stack.destroy();
    expect(differences(before, await host.digest())).toEqual([]);
    expect(await host.run("swapon --noheadings --show=NAME; grep swap /etc/fstab")).toBe(
      "/swapfile\n/swapfile none swap sw 0 0",
    );
  });
});
