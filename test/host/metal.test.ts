import net from "node:net";
import path from "node:path";
import { differences } from "../harness/machines/test-host";
import { LabStack } from "../harness/stacks/lab-stack";
import { type MetalHost, MetalHosts } from "../harness/machines/metal-hosts";
import { whyNoMetalHosts } from "../harness/machines/metal-hosts-tree";
import { leaksInFolder, leaksInText, lineOfKey, ProcessWatch } from "../harness/stacks/secret-search";
import { HOSTS_PROGRAM } from "./hosts";
import { versions } from "../../versions";

jest.setTimeout(10 * 60_000);

const missing = whyNoMetalHosts();
// The report shows the reason.
const onHosts = missing ? describe.skip : describe;
const title = missing ? `existing hosts (skipped: ${missing})` : "existing hosts, made by LXC";

/** A quote in it: it must come through shells as it is. */
const SUDO_PASSWORD = "canary-sudo-'pass\"word$";
const WRONG_PASSWORD = "canary-wrong-password";
const PASSWORD_SETTING = "homelab:machines.nodes[0].ssh.sudoPassword";
/** A sysctl that every network namespace has for itself. */
const KEEPALIVE = "net.ipv4.tcp_keepalive_time";

let hosts: MetalHosts;
let stack: LabStack;
/** Its user's sudo asks for a password. */
let asking: MetalHost;
/** It takes SSH from the bastion alone. */
let behind: MetalHost;
let before: string[];
let firstRun: { output: string; commandLines: string };

const all = () => [...hosts.all, hosts.bastion as MetalHost];
const logins = async () => Promise.all(all().map((host) => host.logins()));
const digests = async () => Promise.all(all().map((host) => host.digest()));

onHosts(title, () => {
  beforeAll(async () => {
    hosts = await MetalHosts.create("mtl", [{ sudoPassword: SUDO_PASSWORD }, { behindBastion: true }]);
    [asking, behind] = [hosts.host(0), hosts.host(1)];
    stack = await LabStack.create({ name: "mtl", roles: ["control-plane", "worker"], program: HOSTS_PROGRAM, hosts });
    before = await digests();
  });

  afterAll(async () => {
    try {
      await stack?.remove();
    } finally {
      await hosts?.remove();
    }
  });

  test("refuse what the tests are about: sudo without the password, and SSH past the bastion", async () => {
    expect(await asking.succeeds("runuser -u ops -- sudo -n true")).toBe(false);
    expect(await behind.succeeds("runuser -u ops -- sudo -n true")).toBe(true);
    expect(await connects(asking.address)).toBe(true);
    expect(await connects(behind.address)).toBe(false);
  });

  test("are left as they are when sudo's password is wrong, and the message says so", async () => {
    await stack.setSecrets([[PASSWORD_SETTING, WRONG_PASSWORD]]);
    const { exitCode, output } = await stack.tryUp();
    await stack.setSecrets([[PASSWORD_SETTING, SUDO_PASSWORD]]);
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(
      new RegExp(`${asking.name}  +sudo refused the password of user 'ops' +Correct ssh.sudoPassword`),
    );
    expect(output).not.toContain(WRONG_PASSWORD);
    expect(await digests()).toEqual(before);
  });

  test("are prepared by the next up, one with sudo's password and one through the bastion", async () => {
    const watch = new ProcessWatch();
    const { exitCode, output } = await stack.tryUp();
    firstRun = { output, commandLines: await watch.stop() };
    expect({ exitCode, output: exitCode === 0 ? "" : output }).toEqual({ exitCode: 0, output: "" });
    for (const host of hosts.all) {
      expect(await host.run("kubeadm version -o short")).toBe(`v${versions.kubernetes}`);
      expect(await host.run("systemctl is-active containerd")).toBe("active");
      expect(await host.run("sysctl -n net.ipv4.ip_forward")).toBe("1");
    }
    const from = await behind.run(
      `journalctl --quiet _COMM=sshd -o cat | grep -o '^Accepted .* from [0-9.]*' | sort -u`,
    );
    expect(from).toBe(`Accepted publickey for ops from ${hosts.bastion?.address}`);
  });

  test("are not touched by a second up: no change, no login, the same host digest", async () => {
    const state = { logins: await logins(), digests: await digests() };
    expect(await stack.plan()).toEqual([]);
    await stack.up();
    expect({ logins: await logins(), digests: await digests() }).toEqual(state);
  });

  test("are found unchanged by a refresh, with one login per host", async () => {
    const counts = await logins();
    await stack.refresh();
    expect(await logins()).toEqual(counts.map((count) => count + 1));
    expect(await stack.plan()).toEqual([]);
  });

  test("take a changed sysctl as one update each, with a readable line diff", async () => {
    await stack.change((settings) => {
      settings["homelab:sysctls"] = { [KEEPALIVE]: "600" };
    });
    // Where sudo asks for a password, the step's script is shown by a resource of the same name.
    const planned = [...new Set(await stack.planned())].sort();
    expect(planned).toEqual(hosts.all.map(({ name }) => `update ${name}-sysctls`));
    const diff = await stack.previewText();
    expect(diff.match(/^ *\+ set_sysctl net\.ipv4\.tcp_keepalive_time 600 \\?"\$action\\?"$/gm)).toHaveLength(
      hosts.all.length,
    );
    await stack.up();
    for (const host of hosts.all) expect(await host.run(`sysctl -n ${KEEPALIVE}`)).toBe("600");
  });

  test("keep the secrets of the inventory: none in output, command lines, diffs or state", async () => {
    const secrets = [
      { name: "sudo password", value: SUDO_PASSWORD },
      { name: "sudo password, quoted", value: "canary-sudo-" },
      { name: "SSH key", value: lineOfKey(hosts.key.private) },
    ];
    const leaks = [
      ...leaksInText("output of up", firstRun.output, secrets),
      ...leaksInText("command lines", firstRun.commandLines, secrets),
      ...leaksInText("preview", await stack.previewText(), secrets),
      ...(await leaksInFolder(path.join(stack.folder, ".pulumi"), secrets)),
    ];
    expect(leaks).toEqual([]);
    // The search would find one.
    expect(firstRun.commandLines).toContain("sshd");
  });

  test("are as before after a restart: nothing has drifted", async () => {
    await Promise.all(hosts.all.map((host) => host.restart()));
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
  });

  test("are by destroy what they were before the first up, and the bastion was never anything else", async () => {
    await stack.destroy();
    // Debian's sudo notes in a user's home that its password was given once.
    await asking.run("rm /home/ops/.sudo_as_admin_successful");
    const after = await digests();
    expect(after.map((text, index) => differences(before[index] ?? "", text))).toEqual(all().map(() => []));
  });
});

/** Whether port 22 answers on this workstation's own way to it. */
async function connects(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: 3_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false)).once("error", () => end(false));
  });
}
