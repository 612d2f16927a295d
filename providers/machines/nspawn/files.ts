import { quote } from "../../host/shell/quote";

/** A file that is written into a machine's tree. */
interface TreeFile {
  /** Absolute, as the machine sees it. */
  path: string;
  mode: "600" | "644" | "440";
  content: string;
}

/** What the files say of a machine. */
export interface MachineIdentity {
  name: string;
  /** IPv4. */
  address: string;
  prefixLength: number;
  gateway: string;
  user: string;
  authorizedKey: string;
  hostKeyPublic: string;
  hostKeyPrivate: string;
  /** For /etc/machine-id: 32 hexadecimal digits. */
  machineId: string;
  cgroupVersion: 1 | 2;
  /** Lines of sources.list; empty where no repository can be reached from the machine. */
  aptSources: string[];
}

/**
 * Units that a machine must not run: those that can't work without a kernel of their own, or would act on the workstation's
 * devices (udev), and apt's timers, which hold its lock when the steps want it.
 */
const MASKED_UNITS = [
  "run-rpc_pipefs.mount",
  "systemd-networkd-wait-online.service",
  "systemd-udevd.service",
  "systemd-udev-trigger.service",
  "systemd-udevd-control.socket",
  "systemd-udevd-kernel.socket",
  "console-getty.service",
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
];

/** All files that make a copy of the base image into this machine. */
export function machineFiles(machine: MachineIdentity): TreeFile[] {
  const file = (path: string, content: string, mode: TreeFile["mode"] = "644"): TreeFile => ({ path, mode, content });
  return [
    file("/etc/hostname", `${machine.name}\n`),
    file("/etc/machine-id", `${machine.machineId}\n`),
    file("/etc/hosts", `127.0.0.1 localhost\n${machine.address} ${machine.name}\n::1 localhost ip6-localhost\n`),
    // Nothing answers there in a lab, but CoreDNS wants a server to be named.
    file("/etc/resolv.conf", `nameserver ${machine.gateway}\n`),
    file("/etc/systemd/network/10-host0.network", networkFile(machine)),
    file("/etc/systemd/system/systemd-networkd.service.d/homelab.conf", NETWORKD_DROP_IN),
    file("/etc/apt/sources.list", machine.aptSources.map((line) => `${line}\n`).join("")),
    file("/etc/ssh/ssh_host_ed25519_key", withNewline(machine.hostKeyPrivate), "600"),
    file("/etc/ssh/ssh_host_ed25519_key.pub", withNewline(machine.hostKeyPublic)),
    file("/etc/ssh/sshd_config.d/homelab.conf", SSHD_CONFIG),
    file(`/etc/sudoers.d/homelab`, `${machine.user} ALL=(ALL) NOPASSWD: ALL\n`, "440"),
    file("/etc/systemd/system.conf.d/homelab.conf", MANAGER_CONFIG),
    file("/etc/systemd/system/homelab-mounts.service", mountsUnit(machine.cgroupVersion)),
  ];
}

/** A script that writes the files, makes the user and masks units. It may be run again. */
export function writeFilesScript(tree: string, machine: MachineIdentity): string {
  const user = quote(machine.user);
  return `tree=${quote(tree)}
write() { # path mode; content by standard input. Temporary file and rename: never half a file.
  mkdir -p "$(dirname "$tree$1")"
  ( umask 077; cat >"$tree$1.part" )
  chmod "$2" "$tree$1.part"
  mv "$tree$1.part" "$tree$1"
}
rm -f "$tree"/etc/apt/sources.list.d/*
${machineFiles(machine)
  .map((file) => `printf %s ${quote(file.content)} | write ${quote(file.path)} ${file.mode}`)
  .join("\n")}
chroot "$tree" id ${user} >/dev/null 2>&1 || chroot "$tree" useradd --create-home --shell /bin/bash ${user}
${authorizedKeyScript(tree, machine)}
units="$tree/etc/systemd/system"
for unit in ${MASKED_UNITS.join(" ")}; do ln -sfn /dev/null "$units/$unit"; done
mkdir -p "$units/sysinit.target.wants"
ln -sfn ../homelab-mounts.service "$units/sysinit.target.wants/homelab-mounts.service"`;
}

/** A script that lets one key, and no other, log in as the machine's user. */
export function authorizedKeyScript(tree: string, machine: Pick<MachineIdentity, "user" | "authorizedKey">): string {
  const user = quote(machine.user);
  return `tree=${quote(tree)}
ssh="$tree/home/"${user}/.ssh
mkdir -p "$ssh"
printf '%s\\n' ${quote(machine.authorizedKey.trim())} >"$ssh/authorized_keys.part"
mv "$ssh/authorized_keys.part" "$ssh/authorized_keys"
chroot "$tree" chown -R ${user}: ${quote(`/home/${machine.user}/.ssh`)}
chmod 700 "$ssh"
chmod 600 "$ssh/authorized_keys"`;
}

/**
 * containerd's unit leaves the pods' processes alone when it stops; at shutdown systemd asks them to end, and some never do.
 * By default it would wait 90 s for them.
 */
const MANAGER_CONFIG = `[Manager]
DefaultTimeoutStopSec=15s
`;

const SSHD_CONFIG = `HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UseDNS no
`;

/**
 * networkd would wait for udev to announce the interface, unless it sees a read-only /sys: then it knows that there is no udev.
 * That of Debian 13 finds /sys writable all the same; for it the interfaces have the records that udev would write.
 */
const NETWORKD_DROP_IN = `[Service]
ReadOnlyPaths=/sys
ExecStartPre=+/bin/sh -c 'mkdir -p /run/udev/data; for i in /sys/class/net/*/ifindex; do echo I:1 >"/run/udev/data/n$$(cat "$$i")"; done'
`;

function networkFile(machine: MachineIdentity): string {
  return `[Match]
Name=host0

[Network]
Address=${machine.address}/${machine.prefixLength}
Gateway=${machine.gateway}
DHCP=no
IPv6AcceptRA=no
LLDP=no
EmitLLDP=no
`;
}

/**
 * Mounts as a host has them: shared, which pods' volumes need, and writable cgroup v1 hierarchies (nspawn mounts them
 * read-only, and a kubelet makes groups there), and a file system for eBPF maps.
 */
function mountsUnit(cgroupVersion: 1 | 2): string {
  const writable =
    cgroupVersion === 1
      ? `ExecStart=/bin/sh -c 'mount -o remount,bind,rw /sys/fs/cgroup; for d in /sys/fs/cgroup/*/; do mountpoint -q "$d" && mount -o remount,bind,rw "$d"; done; true'\n`
      : "";
  return `[Unit]
Description=Mounts as on a host
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
${writable}ExecStart=/bin/sh -c 'mkdir -p /sys/fs/bpf; mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf || true'
ExecStart=/bin/mount --make-rshared /

[Install]
WantedBy=sysinit.target
`;
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
