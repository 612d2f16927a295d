import { kernelModules } from "../../../components/node/kernel-modules";
import type { StepArgs } from "../../../components/node/step";
import { hostFindings } from "../../../providers/host/preflight/judge";
import { NODE_MODULES } from "../../../providers/host/inspection/wanted";
import type { Expectations, InspectedHost } from "../../../providers/host/preflight/hosts";
import { EXPECTED as ANY } from "./expectations";

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
  modules: "overlay:present vxlan:loadable",
  resolved: "active",
  nameservers: "127.0.0.53",
  resolvedNameservers: "192.0.2.1",
  listening: "tcp:22:1:sshd udp:68:300:dhclient",
  addresses: "eth0:192.168.1.11/24 docker0:172.17.0.1/16 eth1.5:10.245.0.1/8",
  controllers: "cpuset cpu io memory hugetlb pids rdma misc",
  cgroupArguments: "",
  bootFile: "/etc/default/grub",
  kmsg: "readable",
  uidMap: "0 0 4294967295",
  rootMount: "ext4 rw,relatime shared",
  readOnly: "",
  swap: "",
  containerdMount: "ext4 rw,relatime shared",
  owners: "",
  unfinishedPackages: "",
  kubeadm: "",
  kubernetesFile: "",
};
const EXPECTED: Expectations = {
  ...ANY,
  subnets: [
    { setting: "cluster.podSubnet", subnet: "10.244.0.0/16" },
    { setting: "cluster.serviceSubnet", subnet: "10.96.0.0/12" },
  ],
};

const host = (facts: Record<string, string> = {}, args: Partial<InspectedHost> = {}): InspectedHost => ({
  name: "node1",
  role: "control-plane",
  address: "192.168.1.11",
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
  ["missing module", { modules: "dm_crypt:missing overlay:present vxlan:missing" }, /no module dm_crypt, vxlan,/],
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
  [
    "swap-service",
    { swap: "fstab:/swap.img unknown:/var/swap2 unknown:/dev/zram3" },
    /swap is on, \/var\/swap2, \/dev\/zram3, and nothing known .* -> 'sudo swapoff \/var\/swap2 \/dev\/zram3', and/,
  ],
  [
    "swap-service",
    { container: "lxc", swap: "unknown:/dev/sda3" },
    /swap of the shared kernel is on, \/dev\/sda3: the kubelet does not start -> 'sudo swapoff -a' on the host that lends/,
    { sharedKernel: true },
  ],
  [
    "pi-memory-cgroup",
    {
      controllers: "cpuset cpu io pids",
      cgroupArguments: "cgroup_disable=memory",
      bootFile: "/boot/firmware/cmdline.txt",
    },
    /cgroups lack memory \(it was booted with cgroup_disable=memory\) -> append ' cgroup_enable=memory' to the one line of \/boot\/firmware\/cmdline\.txt, then reboot/,
  ],
  [
    "pi-memory-cgroup",
    { controllers: "cpuset cpu io", bootFile: "/boot/armbianEnv.txt" },
    /lack memory, pids -> append 'cgroup_enable=memory,pids' to extraargs= in \/boot\/armbianEnv\.txt/,
  ],
  [
    "pi-memory-cgroup",
    { controllers: "cpuset cpu io pids", cgroupArguments: "cgroup_disable=memory cgroup_enable=memory" },
    /-> update the kernel and its firmware: this one ignores cgroup_enable/,
  ],
  [
    "pi-memory-cgroup",
    { controllers: "cpuset memory pids" },
    /lack cpu -> append .* to GRUB_CMDLINE_LINUX in \/etc\/default\/grub and 'sudo update-grub'/,
  ],
  ["lxc-kmsg", { kmsg: "" }, /\/dev\/kmsg can't be read.* -> .*docs\/metal\.md/],
  [
    "lxc-kmsg",
    { readOnly: "/proc/sys /sys/fs/cgroup" },
    /\/proc\/sys and \/sys\/fs\/cgroup can't be written.* -> 'lxc\.mount\.auto: proc:rw sys:rw cgroup:rw'/,
  ],
  ["lxc-kmsg", { uidMap: "0 100000 65536" }, /the container is unprivileged.* -> .*'unprivileged: 0'/],
  ["lxc-kmsg", { rootMount: "zfs rw,relatime" }, /mounts are not passed on.* -> 'sudo mount --make-rshared \/'/],
  [
    "lxc-kmsg",
    { container: "lxc", modules: "nf_conntrack:loadable overlay:present vxlan:missing" },
    /the shared kernel has not loaded nf_conntrack -> 'sudo modprobe -a nf_conntrack' on the host that lends the kernel \(Proxmox/,
    { sharedKernel: true },
  ],
  [
    "address-not-there",
    { addresses: "eth0:192.168.1.12/24 tailscale0:100.64.0.7/32" },
    /no device of the host has the node's address, 192\.168\.1\.11; it has 192\.168\.1\.12\/24 on eth0, 100\.64\.0\.7\/32 on tailscale0 -> set privateAddress/,
  ],
  [
    "resolv-empty",
    { resolvedNameservers: "" },
    /\/run\/systemd\/resolve\/resolv\.conf names no server.* -> give systemd-resolved a real server: DNS=/,
  ],
  [
    "resolv-empty",
    { resolved: "inactive", nameservers: "" },
    /\/etc\/resolv\.conf names no server: CoreDNS .* -> name a real server in \/etc\/resolv\.conf/,
  ],
  [
    "zfs",
    { containerdMount: "zfs rw,relatime shared", zfsVersion: "2.1.5-1ubuntu6~22.04.4" },
    /\/var\/lib\/containerd is on ZFS 2\.1\.5-1ubuntu6.* -> .*zfs create -V 50G.*OpenZFS 2\.2/,
  ],
  ["zfs", { containerdMount: "nfs4 rw,relatime" }, /is on nfs4, on which overlayfs can't/],
  [
    "opt-cni-owner",
    { owners: "/opt/cni:998 /opt/cni/bin:998" },
    /\/opt\/cni, \/opt\/cni\/bin belong to user 998.* -> 'sudo chown root:root \/opt\/cni \/opt\/cni\/bin'/,
  ],
  [
    "iscsi-late",
    { modules: "dm_crypt:loadable iscsi_tcp:missing overlay:present vxlan:present" },
    /kernel 6\.1\.0 has no module iscsi_tcp, .*storage\.enabled: false/,
    { modules: ["dm_crypt", "iscsi_tcp"] },
  ],
  [
    "ubuntu-2604",
    {
      ...{ osId: "ubuntu", osVersion: "26.04", osName: "Ubuntu 26.04 LTS", kernel: "7.0.0-14-generic" },
      modules: "overlay:present vxlan:missing",
    },
    /no module vxlan,.*'sudo apt-get install linux-modules-extra-7\.0\.0-14-generic'/,
  ],
  [
    "firewall-pods",
    { firewallBy: "ufw", firewallBlocks: "pod-host:tcp:10250 pod-host:tcp:6443" },
    /the firewall \(ufw\) drops what goes from pods to the host on 10250\/tcp, 6443\/tcp -> 'sudo ufw allow from 10\.244\.0\.0\/16'; 'sudo ufw allow from 10\.96\.0\.0\/12'; 'sudo ufw route allow from 10\.244\.0\.0\/16'/,
  ],
  [
    "firewall-pods",
    { firewallBy: "firewalld", firewallBlocks: "pod-outside:udp:53" },
    /from pods to the host's nameserver -> 'sudo firewall-cmd --permanent --zone=trusted --add-source=10\.244\.0\.0\/16 --add-source=10\.96\.0\.0\/12'; 'sudo firewall-cmd --reload'/,
  ],
  [
    "firewall-pods",
    {
      firewallBy: "nftables",
      firewallChains: "input:inet:filter:input forward:inet:filter:forward",
      firewallBlocks: "pod-host:tcp:6443 pod-outside:udp:53",
    },
    /'sudo nft insert rule inet filter input ip saddr '\{ 10\.244\.0\.0\/16, 10\.96\.0\.0\/12 \}' accept'; .*forward ip daddr .* and the same rules in \/etc\/nftables\.conf/,
  ],
  [
    "firewall-pods",
    { firewallBy: "iptables", firewallBlocks: "host-pod:tcp:8080" },
    /from the host to pods -> .*'sudo iptables -I OUTPUT -d 10\.244\.0\.0\/16 -j ACCEPT'.*netfilter-persistent save/,
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
  [
    "an address of pods on its own node",
    { addresses: "eth0:192.168.1.11/24 cilium_host:10.244.0.7/32", kubeadm: "joined" },
    {},
  ],
  ["this program's own node", { kubernetesFile: "/etc/kubernetes/kubelet.conf", kubeadm: "joined" }, {}],
  ["Hubble's port without Hubble", { listening: "tcp:4244:1:x" }, { expected: { ...EXPECTED, hubble: false } }],
  ["Cilium's ports without Cilium", { listening: "tcp:4240:1:x" }, { expected: { ...EXPECTED, cilium: false } }],
  ["cgroup v1 where kubelet takes it", { cgroupVersion: "1" }, { expected: { ...EXPECTED, refusesCgroupV1: false } }],
  ["swap that the steps know", { swap: "fstab:/swap.img zramswap.service:/dev/zram0" }, {}],
  ["a ZFS on which overlayfs works", { containerdMount: "zfs rw shared", zfsVersion: "2.2.2-0ubuntu9" }, {}],
  ["what could not be read", { controllers: "", addresses: "", rootMount: "", uidMap: "" }, {}],
  ["Ubuntu 26.04", { osId: "ubuntu", osVersion: "26.04" }, {}],
  ["a firewall that lets pods through", { firewallBy: "ufw", firewallBlocks: "" }, {}],
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

test("the modules that the steps load are looked for", () => {
  const loaded = kernelModules.expected({
    sharedKernel: true,
    modules: [],
    sysctls: {},
  } as Partial<StepArgs> as StepArgs);
  expect(loaded.map(({ key }) => key)).toEqual(NODE_MODULES);
});
