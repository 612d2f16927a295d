import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ensureMirrorRunning, stopMirror } from "../../lab/mirror-service";
import { ensureMirror } from "../../lab/packages/main";
import { undoScript } from "../../providers/machines/metal/undo-script";
import type { Settings } from "../../settings";
import { eventually } from "../harness/eventually";
import { scriptOfStep, settingsOfHosts, runAsProgram, type StepChange } from "../harness/machines/host-steps";
import { differences } from "../harness/machines/test-host";
import type { VmHost } from "../harness/machines/vm-host";
import { OWN_SWAP, titleOf, VmHosts } from "../harness/machines/vm-hosts";
import { type VmRelease, whyNoVms } from "../harness/machines/vm-tree";
import { freePort } from "../harness/servers/free-port";

/** Emulated, a step takes minutes. In seconds. */
const LIMITS = { connect: 480, step: 1800 };

/** All that is done to a host before its cluster. */
const STEPS = ["kernel-modules", "sysctls", "swap", "base-packages", "containerd", "kubernetes-packages"];

const SWAPS = "swapon --noheadings --show=NAME | sort";
const LOADED = "lsmod | grep -c '^overlay ' || true";
/** A sysctl of a module that a fresh host hasn't loaded. */
const CONNTRACK = "net.netfilter.nf_conntrack_max";
/** Of the VLAN 100 on the cable: its name has a dot. */
const VLAN = "net.ipv4.conf.cable/100.rp_filter";

/** The faults of swap, modules, sysctls, restarts and removals that need a kernel of the host's own. */
export function hostFaults(title: string, release: VmRelease): void {
  jest.setTimeout(60 * 60_000);
  const missing = whyNoVms();
  let hosts: VmHosts;
  let host: VmHost;
  let settings: Settings;
  let folder: string;
  let before: string;

  const target = () => ({
    ...{ name: host.name, host: host.address, port: 22, user: host.plan.user },
    ...{ privateKey: hosts.key.private, hostKey: host.ssh.hostKey },
  });
  const script = (name: string, change: StepChange = {}) =>
    scriptOfStep(host.name, settings, name, { ...change, capabilities: { sharedKernel: false } });
  const step = async (name: string, change?: StepChange) =>
    (await runAsProgram(target(), script(name, change), `running ${name}`, LIMITS)).stdout;
  const undo = async () => (await runAsProgram(target(), undoScript(host.name), "undoing", LIMITS)).stdout;

  (missing ? describe.skip : describe)(titleOf(title, missing), () => {
    beforeAll(async () => {
      hosts = await VmHosts.create("vmf", [{ release }]);
      host = hosts.host(0);
      await host.run(OWN_SWAP);
      const port = await freePort();
      settings = await settingsOfHosts(hosts.name, hosts.network, port, 1);
      folder = await mkdtemp(path.join(os.tmpdir(), "homelab-vmf-"));
      const listen = [`127.0.0.1:${port}`, `${hosts.network}.1:${port}`];
      await ensureMirrorRunning({ root: await ensureMirror(), listen, runDir: folder });
    });

    afterAll(async () => {
      await hosts?.remove();
      if (!folder) return;
      await stopMirror(folder);
      await rm(folder, { recursive: true });
    });

    /** Changes the host with what its owner had, runs the step, restarts, and removes the host's preparation again. */
    async function swapFault(install: string, areas: RegExp): Promise<void> {
      const own = await host.run(SWAPS);
      await host.run(`export DEBIAN_FRONTEND=noninteractive\n${install}`);
      expect(await eventually(async () => areas.test(await host.run(SWAPS)), 120)).toBe(true);
      const digest = await host.digest();
      await step("swap");
      expect(await host.run(SWAPS)).toBe("");
      await host.restart();
      expect(await host.run(SWAPS)).toBe("");
      expect(await step("swap")).toBe("");
      await undo();
      expect(await eventually(async () => areas.test(await host.run(SWAPS)), 120)).toBe(true);
      expect(differences(digest, await host.digest())).toEqual([]);
      await host.restart();
      expect(await eventually(async () => areas.test(await host.run(SWAPS)), 120)).toBe(true);
      expect(await host.run(SWAPS)).toContain(own);
    }

    test("swap-on + reboot: swap of fstab and of a unit is off, stays off after a restart, and is back after the removal", async () => {
      const unit = `fallocate -l 64M /swapunit
chmod 600 /swapunit
mkswap /swapunit >/dev/null
printf '[Swap]\\nWhat=/swapunit\\n[Install]\\nWantedBy=swap.target\\n' >/etc/systemd/system/swapunit.swap
systemctl daemon-reload
systemctl --quiet enable --now swapunit.swap`;
      await swapFault(unit, /^\/swapfile\n\/swapunit$/);
      await host.run(`systemctl --quiet disable --now swapunit.swap
rm /etc/systemd/system/swapunit.swap /swapunit
systemctl daemon-reload`);
    });

    test("swap-service: dphys-swapfile's swap stays off after a restart, and is back after the removal", async () => {
      await swapFault("apt-get -qq install dphys-swapfile >/dev/null", /^\/swapfile\n\/var\/swap$/);
      await host.run("apt-get -qq purge dphys-swapfile >/dev/null");
    });

    test("swap-service: so does zram's, by Debian's script", async () => {
      await swapFault("apt-get -qq install zram-tools >/dev/null", /^\/dev\/zram0\n\/swapfile$/);
      await host.run("apt-get -qq purge zram-tools >/dev/null");
    });

    test("swap-service: so does zram's, by systemd's generator", async () => {
      const install = `printf '[zram0]\\nzram-size = 64\\n' >/etc/systemd/zram-generator.conf
apt-get -qq install systemd-zram-generator >/dev/null
systemctl daemon-reload
systemctl start dev-zram0.swap`;
      await swapFault(install, /^\/dev\/zram0\n\/swapfile$/);
      await host.run("apt-get -qq purge systemd-zram-generator >/dev/null; rm -f /etc/systemd/zram-generator.conf");
    });

    test("reboot-mid-prep: a host that restarts in the middle of a step is brought to the same end by the next run", async () => {
      await host.restart();
      before = await host.digest();
      for (const name of STEPS.slice(0, 4)) await step(name);
      const cut = (text: string) => text.replace(/^(apt_packages .*)$/m, "$1\nsystemctl --no-block reboot\nsleep 600");
      const boot = await host.boot();
      await expect(step("containerd", { edit: cut })).rejects.toThrow();
      expect(await eventually(async () => (await host.boot()) !== boot, LIMITS.connect)).toBe(true);
      for (const name of STEPS) await step(name);
      expect(await host.run("systemctl is-active containerd; ctr plugins ls | grep -c '[.]grpc.v1 *cri .*ok'")).toBe(
        "active\n1",
      );
    });

    test("module-not-loaded-after-reboot, inotify-low: modules and sysctls are set at boot", async () => {
      await host.restart();
      expect(await host.run(LOADED)).toBe("1");
      expect(await host.run("sysctl -n net.ipv4.ip_forward fs.inotify.max_user_instances")).toBe("1\n512");
      expect(await host.run(SWAPS)).toBe("");
    });

    test("modules-late: a sysctl of a module that isn't loaded is set, now and after a restart", async () => {
      expect(await host.succeeds(`sysctl -n ${CONNTRACK}`)).toBe(false);
      const sysctls = { [CONNTRACK]: "262144" };
      await step("kernel-modules", { settings: { sysctls } });
      await step("sysctls", { settings: { sysctls } });
      expect(await host.run(`sysctl -n ${CONNTRACK}`)).toBe("262144");
      await host.restart();
      expect(await host.run(`sysctl -n ${CONNTRACK}`)).toBe("262144");
    });

    test("sysctl-slash: a sysctl of a VLAN is set, read back, and put back by the removal", async () => {
      await host.run(`ip link add cable type dummy; ip link add link cable name cable.100 type vlan id 100`);
      await host.run(`sysctl -qw ${VLAN}=2`);
      await step("sysctls", { settings: { sysctls: { [VLAN]: "1" } } });
      expect(await host.run("cat /proc/sys/net/ipv4/conf/cable.100/rp_filter")).toBe("1");
      await undo();
      expect(await host.run("cat /proc/sys/net/ipv4/conf/cable.100/rp_filter")).toBe("2");
      await host.run("ip link delete cable.100; ip link delete cable");
    });

    test("drill-clean-destroy: the removed host is what it was before its first step", async () => {
      expect(differences(before, await host.digest())).toEqual([]);
      expect(await host.run(SWAPS)).toBe("/swapfile");
    });
  });
}
