import { BareHosts } from "../../harness/machines/bare-hosts";
import { eventually } from "../../harness/eventually";
import type { NspawnMachine } from "../../harness/machines/nspawn-machine";
import { quote } from "../../../providers/host/shell/quote";
import { versions } from "../../../versions";

/** Faults of the package manager and of restarts, tried with the real steps on a real host. */

jest.setTimeout(10 * 60_000);

const STEP = "kubernetes-packages";
const LOCK = "/var/lib/dpkg/lock-frontend";
/** Takes apt's lock as apt does: fcntl's F_SETLK with struct flock { F_WRLCK, SEEK_SET, 0, 0 }. */
const LOCKER = `use Fcntl; open(my $f, "+<", $ARGV[0]) or die; my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $lock) or die; sleep $ARGV[1]`;
const PACKAGES = ["kubeadm", "kubectl", "kubelet"];

let hosts: BareHosts;
let machine: NspawnMachine;

beforeAll(async () => {
  hosts = await BareHosts.create("flp", 1, { mirror: true });
  ({ machine } = hosts.host(0));
});

afterAll(async () => {
  await hosts?.remove();
});

const install = (edit?: (script: string) => string) => hosts.step(hosts.host(0), STEP, { edit });
const installed = () =>
  machine.run(`dpkg-query -W -f '\${Package} \${Status}\\n' ${PACKAGES.join(" ")} 2>/dev/null || true`);
const holdLock = (seconds: number) =>
  machine.run(`systemd-run --quiet --unit locker perl -e ${quote(LOCKER)} ${LOCK} ${seconds}
until grep -q "$(stat -c ':%i ' ${LOCK})" /proc/locks; do sleep 0.1; done`);

test("apt-lock-held: a lock that is never released ends in an error that names who holds it", async () => {
  await holdLock(600);
  const refused = install((script) => script.replace(/lock_seconds=\d+/, "lock_seconds=4"));
  const pid = await machine.run("systemctl show --value -p MainPID locker.service");
  await expect(refused).rejects.toThrow(`${LOCK} is still held by process ${pid} (perl) after 4 s`);
  expect(await installed()).toBe("");
  await machine.run("systemctl stop locker.service");
});

test("apt-lock-held: a lock that is released after a while is waited for", async () => {
  const start = Date.now();
  await holdLock(8);
  await install();
  expect(Date.now() - start).toBeGreaterThan(8_000);
  expect(await installed()).toBe(PACKAGES.map((name) => `${name} hold ok installed`).join("\n"));
});

describe("dpkg was interrupted", () => {
  /** Leaves a package half-configured: its installation fails until /run/fixed is there. */
  beforeAll(async () => {
    await machine.run(`mkdir -p /run/broken/DEBIAN; cd /run/broken
printf 'Package: broken\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab <lab@localhost>\\nDescription: broken\\n' >DEBIAN/control
printf '#!/bin/sh\\n[ -e /run/fixed ] || { echo "the licence is not accepted" >&2; exit 1; }\\n' >DEBIAN/postinst
chmod 755 DEBIAN/postinst
dpkg-deb --build /run/broken /run/broken.deb
dpkg -i /run/broken.deb || true`);
    expect(await machine.run("dpkg --audit")).toContain("broken");
  });

  // The step asks apt only where one is missing.
  beforeEach(async () => {
    await machine.run("dpkg --remove --force-hold kubectl");
  });

  test("dpkg-half-configured: what can't be finished ends in an error with the reason", async () => {
    await expect(install()).rejects.toThrow(/the licence is not accepted[^]*dpkg .*--configure/);
  });

  test("dpkg-half-configured: what can be finished is finished, and the step goes on", async () => {
    await machine.run("touch /run/fixed");
    await install();
    expect(await machine.run("dpkg --audit")).toBe("");
    expect(await installed()).toBe(PACKAGES.map((name) => `${name} hold ok installed`).join("\n"));
  });
});

test("inotify-low: the limit is raised and read back, and is never lowered", async () => {
  const limit = "fs.inotify.max_user_instances";
  const found = Number(await machine.run(`sysctl -n ${limit}`));
  const ask = (value: number) =>
    hosts.step(hosts.host(0), "sysctls", { settings: { sysctls: { [limit]: String(value) } } });
  try {
    // By one: the workstation's own limit is this one.
    await ask(found + 1);
    expect(await machine.run(`sysctl -n ${limit}`)).toBe(String(found + 1));
    await ask(128);
    expect(await machine.run(`sysctl -n ${limit}`)).toBe(String(found + 1));
  } finally {
    await machine.run(`sysctl -qw ${limit}=${found}`);
  }
});

describe("the host restarts without warning in the middle of an installation", () => {
  let cut: unknown;

  beforeAll(async () => {
    const host = hosts.host(0);
    await machine.run(`echo '/swapfile none swap sw 0 0' >>/etc/fstab
printf '[Swap]\\nWhat=/other\\n[Install]\\nWantedBy=swap.target\\n' >/etc/systemd/system/other.swap
printf '[Service]\\nExecStart=/bin/false\\n[Install]\\nWantedBy=multi-user.target\\n' >/usr/lib/systemd/system/zramswap.service
systemctl daemon-reload
systemctl enable other.swap zramswap.service 2>/dev/null
sysctl -qw net.ipv4.ip_forward=0`);
    await hosts.step(host, "swap");
    await hosts.step(host, "kernel-modules", { capabilities: { sharedKernel: false } });
    await hosts.step(host, "sysctls");
    await machine.run(`dpkg --purge --force-hold ${PACKAGES.join(" ")}`);

    const leader = await machine.leader();
    cut = install().catch((error: unknown) => error);
    expect(await eventually(() => machine.succeeds("pgrep -f '^/usr/bin/dpkg .*--unpack'"), 60, 50)).toBe(true);
    await machine.run("systemctl reboot --force --force").catch(() => undefined);
    expect(await eventually(async () => (await machine.leader()) !== leader, 60)).toBe(true);
  });

  test("reboot-mid-prep: the run ends with an error, and the next one comes to the end", async () => {
    expect(await cut).toMatchObject({ kind: "unreachable", subject: machine.name });
    await install();
    expect(await machine.run("dpkg --audit")).toBe("");
    expect(await installed()).toBe(PACKAGES.map((name) => `${name} hold ok installed`).join("\n"));
    expect(await machine.run("kubeadm version -o short")).toBe(`v${versions.kubernetes}`);
  });

  test("swap-on + reboot: what was in fstab and in units is still off", async () => {
    expect(await machine.run("awk '$3 == \"swap\" && $1 !~ /^#/' /etc/fstab")).toBe("");
    expect(await machine.run("systemctl is-enabled other.swap zramswap.service || true")).toBe("disabled\nmasked");
    expect(await machine.run("systemctl list-units --no-legend --type swap --state active,failed")).toBe("");
    expect(await machine.run("systemctl is-active zramswap.service || true")).toBe("inactive");
  });

  test("module-not-loaded-after-reboot: sysctls are in effect again, and the modules are on systemd's list", async () => {
    expect(await machine.run("sysctl -n net.ipv4.ip_forward")).toBe("1");
    const list = await machine.run("systemd-analyze cat-config modules-load.d");
    expect(list.split("\n")).toContain("overlay");
  });

  test("drill-idempotence: each step that runs once more leaves the host's digest as it was", async () => {
    const before = await machine.digest();
    for (const step of ["kernel-modules", "sysctls", "swap", STEP] as const) {
      const capabilities = { sharedKernel: step !== "kernel-modules" };
      expect((await hosts.step(hosts.host(0), step, { capabilities })).stdout).toBe("");
    }
    const withoutRuns = (digest: string) => digest.replace(/^.*\/var\/lib\/homelab\/expected\/.*$/gm, "");
    expect(withoutRuns(await machine.digest())).toBe(withoutRuns(before));
  });
});
