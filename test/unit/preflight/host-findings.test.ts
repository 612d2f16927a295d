import { kernelModules } from "../../../components/node/kernel-modules";
import type { StepArgs } from "../../../components/node/step";
import { NEEDED_MODULES } from "../../../providers/host/inspection/script";
import { hostFindings } from "../../../providers/host/preflight/judge";
import type { Expectations, InspectedHost } from "../../../providers/host/preflight/hosts";

const GOOD: Readonly<Record<string, string>> = {
  osId: "debian",
  osVersion: "12",
  osName: "Debian GNU/Linux 12 (bookworm)",
  machine: "x86_64",
  kernel: "6.1.0",
  init: "systemd",
  hostname: "Node-1.example",
  machineId: "0123456789abcdef0123456789abcdef",
  varFreeMiB: "9000",
  rootFreeMiB: "9000",
  memoryMiB: "3900",
  cpus: "4",
  container: "none",
  cgroupVersion: "2",
  modules: "br_netfilter:loadable overlay:present vxlan:loadable",
  resolved: "active",
  nameservers: "127.0.0.53",
  resolvedNameservers: "192.0.2.1",
  listening: "tcp:22:1:sshd udp:68:300:dhclient",
  addresses: "eth0:192.168.1.11/24 docker0:172.17.0.1/16 eth1.5:10.245.0.1/8",
  unfinishedPackages: "",
  kubeadm: "",
  kubernetesFile: "",
};
const EXPECTED: Expectations = {
  apiPort: 6443,
  cilium: true,
  hubble: true,
  subnets: [{ setting: "cluster.podSubnet", subnet: "10.244.0.0/16" }],
  refusesCgroupV1: true,
  ignored: [],
  accepted: [],
  packages: [],
};

const host = (facts: Record<string, string> = {}, args: Partial<InspectedHost> = {}): InspectedHost => ({
  name: "node1",
  role: "control-plane",
  sharedKernel: false,
  expected: EXPECTED,
  report: { facts: { ...GOOD, ...facts }, steps: {}, folder: "" },
  ...args,
});
const lines = (facts?: Record<string, string>, args?: Partial<InspectedHost>) =>
  hostFindings(host(facts, args)).map(({ hosts, problem, action }) => `${hosts.join(" ")}: ${problem} -> ${action}`);

test("a host that fits has no finding, as a control plane and as a worker", () => {
  expect(lines()).toEqual([]);
  expect(lines({ cpus: "1", memoryMiB: "900" }, { role: "worker" })).toEqual([]);
});

const FINDINGS: [string, Record<string, string>, RegExp, Partial<InspectedHost>?][] = [
  [
    "stale-CNI",
    { addresses: "eth0:192.168.1.11/24 cni0:10.244.1.1/24" },
    /device cni0 has 10\.244\.1\.1\/24, an address of cluster\.podSubnet \(10\.244\.0\.0\/16\) -> 'sudo ip link delete cni0' where another cluster/,
  ],
  [
    "unsupported-os-arch",
    { osId: "fedora", osVersion: "42", osName: "Fedora 42" },
    /Fedora 42 on x86_64.*Ubuntu 22\.04/,
  ],
  ["unsupported-os-arch", { machine: "riscv64" }, /on riscv64 is not supported.*amd64 or arm64/],
  ["no systemd", { init: "init" }, /the first process is 'init' -> use a system that runs systemd/],
  ["too few cores", { cpus: "1" }, /1 CPU: a control plane needs 2 -> give it more/],
  ["too little memory", { memoryMiB: "1699" }, /1699 MiB of memory: a control plane needs 1700/],
  ["disk-full", { varFreeMiB: "100" }, /\/var has 100 MiB free: at least 4096.* -> make room/],
  ["disk-full", { rootFreeMiB: "100" }, /\/ has 100 MiB free: at least 1024/],
  [
    "missing module",
    { modules: "br_netfilter:missing overlay:present vxlan:missing" },
    /no module br_netfilter, vxlan,/,
  ],
  ["cgroup v1", { cgroupVersion: "1" }, /cgroup v1, and kubelet refuses it -> .*kubelet\.failCgroupV1/],
  ["declared wrongly", {}, /sharedKernel is declared as true, but it has a kernel/, { sharedKernel: true }],
  [
    "declared wrongly",
    { container: "lxc" },
    /declared as false, but it runs in a container \(lxc\) -> set capabilities\.sharedKernel to true/,
  ],
  ["bad-hostname", { hostname: "Foo_Bar" }, /the hostname 'Foo_Bar'.*RFC 1123.* -> .*set-hostname node1/],
  ["no machine-id", { machineId: "uninitialized" }, /machine-id holds no id -> .*systemd-machine-id-setup/],
  [
    "dpkg-half-configured",
    { unfinishedPackages: "half-configured:curl" },
    /: curl is half.*-> 'sudo dpkg --configure -a';/,
  ],
  ["dpkg-half-configured", { unfinishedPackages: "reinstreq:curl" }, /and 'sudo apt-get install --reinstall curl'/],
  [
    "apt-source-twice",
    { "aptSource docker": "/etc/apt/sources.list.d/docker.list|its key is AB, the pinned one is CD" },
    /docker\.list has the repository docker too, but its key is AB, the pinned one is CD -> remove it from that file/,
  ],
  [
    "cdrom",
    { "aptUnreadable 0": "/etc/apt/sources.list.d/x.list: Malformed entry 1" },
    /apt can't read \/etc\/apt\/sources\.list\.d\/x\.list: Malformed entry 1 -> correct or remove/,
  ],
  [
    "docker-removed",
    { aptLosses: "removed|docker.io|20.10.24 removed|runc|1.1.5" },
    /removes docker\.io 20\.10\.24, runc 1\.1\.5 -> what runs with them ends/,
  ],
  [
    "docker-removed",
    { aptLosses: "downgraded|containerd.io|2.3.0-1|2.2.3-1" },
    /downgrades containerd\.io from 2\.3\.0-1 to 2\.2\.3-1 -> remove the newer/,
  ],
  [
    "containerd-second",
    { secondContainerd: "/etc/systemd/system/containerd.service|/usr/local/bin/containerd" },
    /system\/containerd\.service starts \/usr\/local\/bin\/containerd -> remove it: 'sudo systemctl disable/,
  ],
  [
    "containerd-runtimes",
    { replacedRuntimes: "nvidia kata" },
    /replaced, and with it nvidia -> add runtimes to containerd\.runtimes/,
    { expected: { ...EXPECTED, runtimes: [{ name: "kata" }] } },
  ],
  [
    "a runtime's program",
    { missingPrograms: "/opt/kata/bin/kata" },
    /no program \/opt\/kata\/bin\/kata, .* -> install/,
  ],
  ["broken dependencies", { aptProblem: "Unmet dependencies." }, /install nothing: Unmet .* -> .*--fix-broken install/],
  ["resolv-loop", { resolvedNameservers: "127.0.0.1" }, /would loop: \/run\/systemd.* names 127\.0\.0\.1,.* -> .*DNS=/],
  ["resolv-loop", { resolved: "inactive" }, /would loop: \/etc\/resolv\.conf names 127\.0\.0\.53.* -> name a real/],
  [
    "other cluster",
    { kubernetesFile: "/etc/kubernetes/admin.conf" },
    /did not make \(\/etc.*admin.conf.* -> .*kubeadm reset/,
  ],
  [
    "port-in-use",
    { listening: "tcp:10250:812:python3" },
    /10250\/tcp \(kubelet\) is in use by python3 \(process 812\) -> stop/,
  ],
  ["port-in-use", { listening: "tcp:6443:7:haproxy" }, /6443\/tcp \(Kubernetes API\) is in use by haproxy/],
  [
    "port-in-use",
    { listening: "udp:8472::" },
    /8472\/udp \(Cilium's tunnel\) is in use by the kernel -> remove the interface/,
  ],
];
test.each(FINDINGS.map(([name, facts, expected, args = {}]) => ({ name, facts, expected, args })))(
  "$name: $facts is one finding",
  ({ facts, expected, args }) => {
    const found = lines(facts, args);
    expect(found).toEqual([expect.stringMatching(expected)]);
    expect(found[0]).toMatch(/^node1: /);
  },
);

test.each<[string, Record<string, string>, Partial<InspectedHost>]>([
  ["what kubeadm is told to ignore", { cpus: "1", memoryMiB: "900" }, ignoring("NumCPU", "mem")],
  ["anything that all of kubeadm's checks cover", { cpus: "1", listening: "tcp:6443:1:x" }, ignoring("all")],
  ["a port that kubeadm is told to ignore", { listening: "tcp:10250:1:x" }, ignoring("Port-10250")],
  ["a control plane's port on a worker", { listening: "tcp:6443:1:haproxy" }, { role: "worker" }],
  ["the same number of another protocol", { listening: "udp:10250:1:x tcp:8472:1:x" }, {}],
  ["ports of this program's own cluster", { listening: "tcp:6443:1:kube-apiserver", kubeadm: "completed" }, {}],
  ["an address of pods on its own node", { addresses: "cilium_host:10.244.0.7/32", kubeadm: "joined" }, {}],
  ["this program's own node", { kubernetesFile: "/etc/kubernetes/kubelet.conf", kubeadm: "joined" }, {}],
  ["Hubble's port without Hubble", { listening: "tcp:4244:1:x" }, { expected: { ...EXPECTED, hubble: false } }],
  ["Cilium's ports without Cilium", { listening: "tcp:4240:1:x" }, { expected: { ...EXPECTED, cilium: false } }],
  ["cgroup v1 where kubelet takes it", { cgroupVersion: "1" }, { expected: { ...EXPECTED, refusesCgroupV1: false } }],
  [
    "modules of a kernel that is another's",
    { container: "systemd-nspawn", modules: "vxlan:missing" },
    { sharedKernel: true },
  ],
])("%s is no finding", (_name, facts, args) => {
  expect(lines(facts, args)).toEqual([]);
});

function ignoring(...ignored: string[]): Partial<InspectedHost> {
  return { expected: { ...EXPECTED, ignored } };
}

test("apt-busy: what dpkg shows while another process is at work is no finding", () => {
  const busy = { unfinishedPackages: "unpacked:curl", aptProblem: "dpkg was interrupted", aptHolder: "812 (dpkg)" };
  expect(lines(busy)).toEqual([]);
  expect(lines({ ...busy, aptHolder: "" })).toHaveLength(1);
});

test("packages that an interrupted run of this program left are its own steps' to finish", () => {
  const begun = host({ unfinishedPackages: "half-configured:kubelet" });
  begun.report.folder = "12 2026-11-22";
  expect(hostFindings(begun)).toEqual([]);
});

test("all that is wrong is said at once", () => {
  expect(
    lines({ varFreeMiB: "1", cpus: "1", hostname: "a_b", listening: "tcp:2379:1:etcd tcp:2380:1:etcd" }),
  ).toHaveLength(5);
});

test("the modules that the steps load are among those that are looked for", () => {
  const loaded = kernelModules.expected({ sharedKernel: true } as StepArgs).map(({ key }) => key);
  expect(NEEDED_MODULES).toEqual(expect.arrayContaining(loaded));
});
