import { nodeSteps } from "../../components/node/prepare-nodes";
import { stepsOf } from "../../components/node/steps";
import { FACT_FILES } from "../../providers/host/facts/facts";
import { undoScript } from "../../providers/machines/metal/undo-script";
import { type BareHost, BareHosts, onHost } from "../harness/machines/bare-hosts";

jest.setTimeout(10 * 60_000);

/** What a removed host differs in from one that was never prepared, and why. */
const LEFT_BEHIND = [
  // Logs: what happened on a host stays readable.
  "/var/log",
  // apt's and dpkg's own: lists of what can be installed, caches, the state before the last change.
  "/var/cache",
  "/var/lib/apt",
  "/var/lib/dpkg",
  // systemd's notes: a clock, a random seed, times of timers.
  "/var/lib/systemd",
  // In memory, or gone by themselves.
  "/tmp",
  "/var/tmp",
];

let hosts: BareHosts;
let host: BareHost;
let atFirst: string;

beforeAll(async () => {
  hosts = await BareHosts.create("rmv", 1, { mirror: true });
  host = hosts.host(0);
  await host.machine.run(THEIRS_BEFORE);
  atFirst = await digest();
  await prepare();
  await host.machine.run(KUBERNETES_WAS_HERE);
});

afterAll(async () => {
  await hosts?.remove();
});

const undo = async () => (await onHost(host, undoScript(host.target.name), "undoing")).stdout;

async function prepare(): Promise<void> {
  for (const { name } of stepsOf({ sharedKernel: true, iscsi: false }, nodeSteps(hosts.settings)))
    await hosts.step(host, name);
}

/** All files with content, mode and owner, all packages and units, and what of the kernel is the machine's own. */
async function digest(): Promise<string> {
  const left = LEFT_BEHIND.map((path) => `-path ${path} -prune -o`).join(" ");
  const whole = await host.machine.run(`
find / -xdev ${left} -printf '%y %p %m %U:%G %l\\n' | sort
find / -xdev ${left} -type f -print0 | sort -z | xargs -0 sha256sum
sysctl -a 2>/dev/null | grep -E '^net\\.(bridge\\.|ipv4\\.ip_forward|ipv4\\.conf\\.(all|default)\\.)' | sort
for device in /sys/class/net/*; do echo "link \${device##*/}"; done
swapon --show=NAME --noheadings
`);
  return `${whole}\n${await host.machine.digest()}`;
}

/** What is the user's own on the host before its first step. */
const THEIRS_BEFORE = `
printf '/swap.img none swap sw 0 0\\ntmpfs /mnt tmpfs noauto 0 0\\n' >>/etc/fstab
echo 'runtime-endpoint: unix:///run/mine.sock' >/etc/crictl.yaml
chmod 600 /etc/crictl.yaml
mkdir -p /etc/cni/net.d /var/lib/longhorn
echo '{}' >/etc/cni/net.d/10-mine.conflist
echo precious >/var/lib/longhorn/volume
printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=true\\n[Install]\\nWantedBy=multi-user.target\\n' >/usr/lib/systemd/system/zramswap.service
systemctl daemon-reload
systemctl enable --now zramswap.service
`;

/** Traces of a node: what kubelet, pods and Cilium leave, as the steps alone don't bring them. */
const KUBERNETES_WAS_HERE = `
mkdir -p /var/lib/kubelet/pods/1/volumes/data /var/log/pods/1 /run/cilium /mnt
mount -t tmpfs tmpfs /mnt
echo precious >/mnt/file
mount --bind /mnt /var/lib/kubelet/pods/1/volumes/data
mv /etc/cni/net.d/10-mine.conflist /etc/cni/net.d/10-mine.conflist.cilium_bak
echo '{}' >/etc/cni/net.d/05-cilium.conflist
echo binary >/opt/cni/bin/cilium-cni
echo '-net.ipv4.conf.all.rp_filter = 0' >/etc/sysctl.d/99-zzz-override_cilium.conf
ip link add cilium_host type veth peer name cilium_net
ip link add lxc0123456789ab type veth peer name mine0
ip link add mine1 type bridge
ip rule add priority 9 fwmark 0x200/0xf00 table 2004
ip rule add priority 500 fwmark 0x1 table 77
ip rule add priority 100 table local
ip rule del priority 0 table local
ip route add local 0.0.0.0/0 dev lo table 2004
iptables -N KUBE-FIREWALL
iptables -A KUBE-FIREWALL -j DROP
iptables -N CILIUM_INPUT
iptables -N MINE
iptables -A MINE -j RETURN
iptables -A INPUT -m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT
iptables -A INPUT -m comment --comment "not for KUBE-FIREWALL" -j MINE
iptables -A INPUT -s 192.0.2.1 -j KUBE-FIREWALL
`;

describe("a host that is removed", () => {
  let said: string;
  beforeAll(async () => {
    said = await undo();
  });

  test("says what it left, and why", () => {
    expect(said).toBe("kept /var/lib/longhorn: volumes may be in it\n");
  });

  test("keeps the data that was mounted into a pod, and the user's links, rules and chains", async () => {
    expect(await host.machine.run("cat /mnt/file; ls /sys/class/net | grep mine1; ip rule show priority 500")).toBe(
      "precious\nmine1\n500:\tfrom all fwmark 0x1 lookup 77",
    );
    await host.machine.run("umount /mnt; ip link delete mine1; ip rule del priority 500");
  });

  test("has the rules of the kernel for its routes again, and none of Cilium's", async () => {
    const rules = await host.machine.run("ip rule show; ip route show table 2004 2>/dev/null || true");
    expect(rules.split("\n").map((line) => line.replace(/\s+/g, " ").trim())).toEqual([
      "0: from all lookup local",
      "32766: from all lookup main",
      "32767: from all lookup default",
    ]);
  });

  test("stale-CNI: Cilium's files are gone, and those of another plugin are where they were", async () => {
    const left = await host.machine.run(
      "find /etc/cni /opt/cni -type f 2>/dev/null || true; cat /etc/cni/net.d/10-mine.conflist",
    );
    expect(left).toBe("/etc/cni/net.d/10-mine.conflist\n{}");
  });

  test("is what it was before its first up, but for what is listed", async () => {
    const [before, after] = [atFirst, await digest()].map((text) => text.split("\n"));
    expect(after?.filter((line) => !before?.includes(line))).toEqual([]);
    expect(before?.filter((line) => !after?.includes(line))).toEqual([]);
  });

  test("takes a second removal as done", async () => {
    const before = await digest();
    expect(await undo()).toBe("kept /var/lib/longhorn: volumes may be in it\n");
    expect(await digest()).toBe(before);
  });

  test("is the same where the removal was cut off at each of its parts, and repeated", async () => {
    const clean = await digest();
    await prepare();
    expect(await host.machine.run("crictl info | grep -c RuntimeReady")).toBe("1");
    expect(await host.machine.run("systemctl is-enabled zramswap.service || true")).toBe("masked");
    const parts = [
      ...FACT_FILES.map((name) => `prepare_restore ${name}`).reverse(),
      ...FACT_FILES.map((name) => `restore ${name}`),
    ];
    for (const part of parts) {
      const cut = undoScript(host.target.name).replace(`\n${part}\n`, `\n${part}\nexit 7\n`);
      await expect(onHost(host, cut, "undoing")).rejects.toThrow("exit code 7");
    }
    await undo();
    expect(await digest()).toBe(clean);
  });
});

describe("a host that others changed after its first up", () => {
  test("keeps a package that another one needs, and a file that was changed", async () => {
    await prepare();
    await host.machine.run(`
mkdir -p /tmp/theirs/DEBIAN
printf 'Package: theirs\\nVersion: 1\\nArchitecture: all\\nMaintainer: me <me@example.org>\\nDescription: x\\nDepends: cri-tools\\n' >/tmp/theirs/DEBIAN/control
dpkg-deb --build /tmp/theirs /tmp/theirs.deb
dpkg -i /tmp/theirs.deb
echo '# mine' >>/etc/containerd/config.toml`);
    expect((await undo()).split("\n").sort()).toEqual([
      "",
      "kept /etc/containerd/config.toml: it was changed after us",
      "kept /etc/containerd: there are files in it that are not ours",
      "kept /var/lib/longhorn: volumes may be in it",
      "kept the package cri-tools: other packages need it",
    ]);
    expect(await host.machine.run("tail -n 1 /etc/containerd/config.toml; crictl --version")).toMatch(
      /^# mine\ncrictl version/,
    );
  });

  test("keeps its own iptables rules", async () => {
    await hosts.step(host, "base-packages");
    const rules = await host.machine.run("iptables -S");
    expect(rules).toContain('-A INPUT -m comment --comment "not for KUBE-FIREWALL" -j MINE');
    expect(rules).not.toMatch(/(-N|-j) (KUBE|CILIUM)/);
    await undo();
  });

  test("that runs another's cluster is refused, and nothing is changed", async () => {
    await hosts.step(host, "sysctls");
    await host.machine.run("mkdir -p /etc/kubernetes; touch /etc/kubernetes/admin.conf");
    const before = await digest();
    await expect(undo()).rejects.toThrow("there is a Kubernetes node that this program did not make");
    expect(await digest()).toBe(before);
  });
});
