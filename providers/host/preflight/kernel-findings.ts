import { addToBootFile } from "./boot-file";
import { type InspectedHost, ON_OWNER, type Problem, words } from "./hosts";
import { TUNNEL_MODULE } from "./wanted-of";

/** What a host's kernel and its settings can't do. */
export function kernelProblems(host: InspectedHost): Problem[] {
  return [modules, cgroups, swap, fileSystem].flatMap((rule) => rule(host));
}

function modules({ sharedKernel, report: { facts } }: InspectedHost): Problem[] {
  const shared = sharedKernel ?? facts.container !== "none";
  const missing = words(facts.modules)
    .map((word) => word.split(":"))
    // A container can't load one. No step loads the tunnel's, and what a container sees of it is little.
    .filter(([name, state]) => (shared ? state !== "present" && name !== TUNNEL_MODULE : state === "missing"))
    .map(([name = ""]) => name);
  if (missing.length === 0) return [];
  const list = missing.join(", ");
  if (shared) {
    return [
      {
        name: "missing-module",
        problem: `the shared kernel has not loaded ${list}`,
        action: `'sudo modprobe -a ${missing.join(" ")}' ${ON_OWNER}, and the same names in a file of /etc/modules-load.d there${leaveOut(missing)}`,
      },
    ];
  }
  const extra = facts.osId === "ubuntu" ? ` ('sudo apt-get install linux-modules-extra-${facts.kernel}')` : "";
  return [
    {
      name: "missing-module",
      problem: `kernel ${facts.kernel} has no module ${list}, built in or to load`,
      action: `install kmod and the kernel's modules${extra}; where the kernel was replaced since the last boot, reboot${leaveOut(missing)}`,
    },
  ];
}

function leaveOut(missing: readonly string[]): string {
  return missing.includes("iscsi_tcp")
    ? "; or leave the host out of Longhorn's storage: storage.enabled: false, in homelab:machines"
    : "";
}

/** Of kubeadm's own list (system-validators) those without which neither the kubelet nor limits of pods work. */
const CONTROLLERS = ["cpu", "cpuset", "memory", "pids"] as const;

function cgroups({ expected, report: { facts } }: InspectedHost): Problem[] {
  const problems: Problem[] = [];
  if (facts.cgroupVersion === "1" && expected?.refusesCgroupV1) {
    problems.push({
      name: "cgroup-v1",
      problem: "the host uses cgroup v1, and kubelet refuses it",
      action: "boot with systemd.unified_cgroup_hierarchy=1, or set homelab:cluster kubelet.failCgroupV1 to false",
    });
  }
  const there = words(facts.controllers);
  // Where nothing could be read, nothing is known.
  const missing = there.length === 0 ? [] : CONTROLLERS.filter((name) => !there.includes(name));
  if (missing.length > 0) {
    const given = words(facts.cgroupArguments);
    const argument = `cgroup_enable=${missing.join(",")}`;
    problems.push({
      name: "missing-controller",
      problem: `the kernel's cgroups lack ${missing.join(", ")}${given.length > 0 ? ` (it was booted with ${given.join(" ")})` : ""}`,
      action:
        facts.container === "none"
          ? given.some((one) => one.startsWith("cgroup_enable=") && one.includes(missing[0] ?? ""))
            ? "update the kernel and its firmware: this one ignores cgroup_enable (raspberrypi/linux#6980); then reboot"
            : `${addToBootFile(facts.bootFile ?? "", argument)}, then reboot`
          : `let the container have them, ${ON_OWNER}`,
    });
  }
  return problems;
}

/** Swap that is on, and that no step can keep off. */
function swap({ sharedKernel, report: { facts } }: InspectedHost): Problem[] {
  const areas = words(facts.swap).map((word) => word.replace(/^[^:]*:/, ""));
  if (sharedKernel ?? facts.container !== "none") {
    if (areas.length === 0) return [];
    return [
      {
        name: "shared-swap",
        problem: `swap of the shared kernel is on, ${areas.join(", ")}: the kubelet does not start`,
        action: `'sudo swapoff -a' ${ON_OWNER}; for the boot too, in /etc/fstab or by 'systemctl mask' of its units`,
      },
    ];
  }
  const unknown = words(facts.swap).flatMap((word) => /^unknown:(.*)$/.exec(word)?.[1] ?? []);
  if (unknown.length === 0) return [];
  return [
    {
      name: "swap-unknown",
      problem: `swap is on, ${unknown.join(", ")}, and nothing known switches it on (/etc/fstab, units, services of swap and zram)`,
      action: `'sudo swapoff ${unknown.join(" ")}', and switch off what switches it on at boot: 'systemctl list-units | grep -iE "swap|zram"', /etc/rc.local, crontabs`,
    },
  ];
}

/** overlayfs keeps its layers on none of them; on ZFS only since OpenZFS 2.2. */
const NO_OVERLAY = /^(aufs|ceph|cifs|ecryptfs|fuse.*|nfs4?|smb3|vfat)$/;

function fileSystem({ report: { facts } }: InspectedHost): Problem[] {
  const [type = ""] = words(facts.containerdMount);
  const zfs = /^(\d+)\.(\d+)/
    .exec(facts.zfsVersion ?? "")
    ?.slice(1)
    .map(Number);
  const [major = 0, minor = 0] = zfs ?? [];
  const oldZfs = type === "zfs" && zfs !== undefined && (major < 2 || (major === 2 && minor < 2));
  if (!oldZfs && !NO_OVERLAY.test(type)) return [];
  const seen = oldZfs ? `ZFS ${facts.zfsVersion}` : type;
  return [
    {
      name: "no-overlayfs",
      problem: `/var/lib/containerd is on ${seen}, on which overlayfs can't keep the layers of images`,
      action: oldZfs
        ? "mount another file system there, such as a zvol with ext4 ('sudo zfs create -V 50G POOL/containerd'), with a line in /etc/fstab; or update to OpenZFS 2.2"
        : "mount another file system there, such as ext4 or xfs, with a line in /etc/fstab",
    },
  ];
}
