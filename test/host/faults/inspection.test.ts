import { BareHosts, onHost } from "../../harness/machines/bare-hosts";
import type { NspawnMachine } from "../../harness/machines/nspawn-machine";
import { ProcessWatch } from "../../harness/stacks/secret-search";
import { inspectionDriver } from "../../../providers/host/inspection/driver";
import { preflightDriver } from "../../../providers/host/preflight/driver";
import type { HostFacts } from "../../../providers/host/inspection/host-facts";
import { SUPPORTED } from "../../../providers/host/shell/library";
import { stepScript } from "../../../providers/host/shell/script";

/** Hosts that are not as the program wants them: what it says of them before it changes anything. */

jest.setTimeout(10 * 60_000);

let hosts: BareHosts;
let machine: NspawnMachine;

beforeAll(async () => {
  hosts = await BareHosts.create("fli", 2, { mirror: false });
  ({ machine } = hosts.host(0));
});

afterAll(async () => {
  await hosts?.remove();
});

/** The first inspection of a host, as the engine has it done. */
async function inspect(): Promise<HostFacts> {
  const { target } = hosts.host(0);
  const inputs = { target, incarnation: "1", steps: [], sharedKernel: true };
  return (await inspectionDriver.create(inputs)).outputs.facts;
}

/** What of a host the steps would change. */
const digest = () => machine.digest();
const greeting = stepScript({ standalone: true, step: "greet", commands: "echo hello" });

describe("a host on which the steps can't run", () => {
  let before: string;
  beforeAll(async () => {
    before = await digest();
  });

  afterEach(async () => {
    expect(await digest()).toBe(before);
  });

  test("unsupported-os-arch: another system is refused with those that are supported", async () => {
    await machine.run(`printf 'ID=fedora\\nVERSION_ID=40\\nPRETTY_NAME="Fedora 40"\\n' >/run/os-release
mount --bind /run/os-release /usr/lib/os-release`);
    const [inspection, step] = await Promise.allSettled([inspect(), onHost(hosts.host(0), greeting)]);
    await machine.run("umount /usr/lib/os-release");
    for (const refused of [inspection, step]) {
      expect(refused).toMatchObject({ status: "rejected" });
      expect(String((refused as PromiseRejectedResult).reason)).toContain("Fedora 40");
      expect(String((refused as PromiseRejectedResult).reason)).toContain(SUPPORTED);
    }
  });

  test("unsupported-os-arch: another processor is refused with those that are supported", async () => {
    await machine.run(`mkdir -p /run/systemd/system/ssh.service.d
printf '[Service]\\nPersonality=x86\\n' >/run/systemd/system/ssh.service.d/fault.conf
systemctl daemon-reload; systemctl restart ssh.service`);
    const [inspection, step] = await Promise.allSettled([inspect(), onHost(hosts.host(0), greeting)]);
    await machine.run(
      "rm -r /run/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl restart ssh.service",
    );
    for (const refused of [inspection, step]) {
      expect(refused).toMatchObject({ status: "rejected" });
      expect(String((refused as PromiseRejectedResult).reason)).toMatch(/i686.* is not supported.*amd64/);
    }
  });

  test("disk-full: little room under /var is refused with how much there is and must be", async () => {
    await machine.run("mount -t tmpfs -o size=64M tmpfs /var");
    const [refused] = await Promise.allSettled([inspect()]);
    await machine.run("umount /var");
    expect(String((refused as PromiseRejectedResult).reason)).toMatch(/\/var has 6\d MiB free: at least \d+ MiB/);
  });
});

describe("a host whose sudo asks for a password", () => {
  const password = "canary sudo 'password' $HOME";
  const withPassword = (sudoPassword?: string) => ({
    ...hosts.host(0),
    target: { ...hosts.host(0).target, sudoPassword },
  });

  beforeAll(async () => {
    await machine.run(`chpasswd <<'EOF'\n${hosts.host(0).target.user}:${password}\nEOF
cp -a /etc/sudoers.d/homelab /root/sudoers; sed -i 's/NOPASSWD: //' /etc/sudoers.d/homelab`);
  });

  afterAll(async () => {
    await machine.run("mv /root/sudoers /etc/sudoers.d/homelab");
  });

  test("sudo-password: without one the error comes at once and says what to set, and nothing was changed", async () => {
    const start = Date.now();
    await expect(onHost(withPassword(), greeting)).rejects.toThrow(/sudo.*password.*nothing was changed/s);
    expect(Date.now() - start).toBeLessThan(5_000);
  });

  test("sudo-password: it makes the user root, and is in no command line and in no log of the host", async () => {
    const watch = new ProcessWatch();
    const slow = stepScript({ standalone: true, step: "greet", commands: "sleep 1; id -u" });
    expect((await onHost(withPassword(password), slow)).stdout).toBe("0\n");
    expect(await watch.stop()).not.toContain(password);
    expect(await machine.run("journalctl --sync; journalctl --quiet -o cat")).not.toContain(password);
  });

  test("sudo-password: a wrong one is tried once, and is not shown", async () => {
    const tried = () =>
      machine.run("journalctl --sync; journalctl --quiet -t sudo -o cat | grep -c 'authentication failure' || true");
    const before = Number(await tried());
    const error: unknown = await onHost(withPassword("canary of another"), greeting).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "authentication", subject: machine.name });
    expect(String(error)).not.toContain("canary");
    expect(Number(await tried()) - before).toBe(1);
  });
});

describe("hosts that the preflight inspects", () => {
  /** All findings of the preflight, as the person at the terminal reads them; empty where there are none. */
  async function findings(): Promise<string> {
    const targets = hosts.hosts.map(({ target }) => target);
    const inventory = hosts.settings.machines.nodes.map(({ name, role }, index) => {
      return { name, role, address: targets[index]?.host ?? "", incarnation: "1", sharedKernel: true };
    });
    const expected = {
      apiPort: 6443,
      cilium: true,
      hubble: false,
      subnets: [],
      refusesCgroupV1: false,
      ignored: ["all"],
      accepted: [],
      packages: [],
    };
    return preflightDriver.create({ hosts: inventory, targets, expected }).then(
      () => "",
      (error: Error) => error.message.replace(/\s+/g, " "),
    );
  }

  test("dup-hostname, bad-hostname: hosts that call themselves the same, and what no node may be called, are named", async () => {
    for (const host of hosts.hosts) await host.machine.run("sysctl -qw kernel.hostname=Foo_Bar");
    const found = await findings();
    for (const host of hosts.hosts) await host.machine.run("sysctl -qw kernel.hostname=$(cat /etc/hostname)");
    for (const host of hosts.hosts) expect(found).toContain(host.machine.name);
    // The table breaks lines within its columns.
    expect(found).toContain("the hostname 'foo_bar' is that of two");
    expect(found).toContain("the hostname 'Foo_Bar' is none by RFC");
  });

  test("resolv-loop, dpkg-half-configured: a resolver that asks itself, and an unfinished package, are named", async () => {
    await machine.run(`cp -a /etc/resolv.conf /root/; echo 'nameserver 127.0.0.53' >/etc/resolv.conf
mkdir -p /run/left/DEBIAN; cd /run/left
printf 'Package: left\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab <lab@localhost>\\nDescription: left\\n' >DEBIAN/control
dpkg-deb --build /run/left /run/left.deb; dpkg --unpack /run/left.deb`);
    const found = await findings();
    await machine.run("mv /root/resolv.conf /etc/; dpkg --purge left");
    expect(found).toContain("127.0.0.53");
    expect(found).toMatch(/left .*dpkg --configure -a/);
    expect(await findings()).toBe("");
  });
});

describe("a host with a shell of its own taste", () => {
  test("shell-hostile: facts and steps are the same with dash, with noise in every profile, and with /tmp noexec", async () => {
    const facts = await inspect();
    await machine.run(`usermod --shell /bin/dash ${hosts.host(0).target.user}
home=/home/${hosts.host(0).target.user}
for file in "$home/.profile" "$home/.bashrc" /root/.profile /root/.bashrc /etc/profile.d/noise.sh; do
  echo 'echo "fact osId noise"; echo "expected end" >&2' >>"$file"
done
cp "$home/.profile" /etc/bash.bashrc
echo 'BASH_ENV=/etc/profile.d/noise.sh' >>/etc/environment
echo 'fact osId motd' >/etc/motd
mount -t tmpfs -o noexec tmpfs /tmp`);
    expect(await inspect()).toEqual(facts);
    expect((await onHost(hosts.host(0), greeting)).stdout).toMatch(/^(.*\n)*hello\n$/);
    await machine.run(`usermod --shell /bin/bash ${hosts.host(0).target.user}`);
    expect(await inspect()).toEqual(facts);
  });
});
