import { quote } from "../../../providers/host/shell/quote";

/** One host, as the files in its tree and LXC's configuration describe it. */
export interface HostPlan {
  /** Hostname, name of the container, and name of its cable on the workstation: at most 15 characters. */
  name: string;
  /** IPv4, in a /24. */
  address: string;
  gateway: string;
  bridge: string;
  /** Folder with `rootfs/`, `config` and the console's log. */
  folder: string;
  user: string;
  /** Line of authorized_keys. */
  authorizedKey: string;
  sudo: SudoRule;
}

/** What sudo asks the user for; passwordless: nothing. None for a bastion: its user may do nothing there. */
export type SudoRule = { password: string } | "passwordless" | "none";

/** LXC's configuration: a container that is as near to a host as Kubernetes needs it (lxc.container.conf(5)). */
export function containerConfig(host: HostPlan): string {
  return `lxc.uts.name = ${host.name}
lxc.rootfs.path = dir:${host.folder}/rootfs
# Pods' volumes need shared mounts, as on a host.
lxc.rootfs.options = rshared
lxc.tty.max = 0
lxc.pty.max = 1024
lxc.console.logfile = ${host.folder}/console.log
lxc.signal.halt = SIGRTMIN+3

# Containers within the host need all that root of a host has.
lxc.apparmor.profile = unconfined
lxc.cap.drop =
lxc.mount.auto = proc:rw sys:rw cgroup:rw:force
lxc.mount.entry = bpf sys/fs/bpf bpf rw,relatime,optional 0 0
lxc.mount.entry = /lib/modules lib/modules none bind,ro,optional,create=dir 0 0
# The kubelet reads the kernel's log to find processes that ran out of memory.
lxc.mount.entry = /dev/kmsg dev/kmsg none bind,create=file 0 0

${CGROUP_KEYS.map((key, index) => `${key} = ${cgroupNames(host.name)[index]}`).join("\n")}

lxc.net.0.type = veth
lxc.net.0.link = ${host.bridge}
lxc.net.0.veth.pair = ${host.name}
lxc.net.0.name = eth0
lxc.net.0.hwaddr = ${macOf(host.address)}
lxc.net.0.flags = up
`;
}

const CGROUP_KEYS = ["lxc.cgroup.dir.container", "lxc.cgroup.dir.monitor", "lxc.cgroup.dir.monitor.pivot"];

/** The cgroups of a host: its own, its supervisor's, and where that one waits for its end. */
export function cgroupNames(name: string): string[] {
  return ["host", "monitor", "pivot"].map((kind) => `metal-${kind}-${name}`);
}

/** A script that makes a fresh tree into this host: what its owner did with a keyboard. Secrets come by its standard input. */
export function hostScript(host: HostPlan): string {
  const tree = `${host.folder}/rootfs`;
  return `tree=${quote(tree)}
echo ${quote(host.name)} >"$tree/etc/hostname"
printf '%s\\n' '127.0.0.1 localhost' ${quote(`${host.address} ${host.name}`)} >"$tree/etc/hosts"
# Nothing answers there, but CoreDNS wants a server to be named.
echo ${quote(`nameserver ${host.gateway}`)} >"$tree/etc/resolv.conf"
cat >"$tree/etc/network/interfaces" <<'END'
auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
  address ${host.address}/24
  gateway ${host.gateway}
END
${makeUserScript(host)}`;
}

/** A script that makes the user in `$tree`. Where sudo asks for a password, `user:password` comes by its standard input. */
export function makeUserScript({
  user,
  authorizedKey,
  sudo,
}: Pick<HostPlan, "user" | "authorizedKey" | "sudo">): string {
  // Through a bastion one only goes on: its user gets no shell.
  const shell = sudo === "none" ? "/usr/sbin/nologin" : "/bin/bash";
  const may = {
    none: "",
    passwordless: `echo '${user} ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/${user}"
chmod 440 "$tree/etc/sudoers.d/${user}"`,
    password: `chroot "$tree" chpasswd
chroot "$tree" usermod --append --groups sudo ${user}`,
  };
  return `chroot "$tree" useradd --create-home --shell ${shell} ${user}
install -d -m 700 "$tree/home/${user}/.ssh"
echo ${quote(authorizedKey)} >"$tree/home/${user}/.ssh/authorized_keys"
chmod 600 "$tree/home/${user}/.ssh/authorized_keys"
chroot "$tree" chown -R ${user}: /home/${user}/.ssh
${may[typeof sudo === "object" ? "password" : sudo]}`;
}

/** A script for a host that from now on, and after each start, takes SSH from one address alone. */
export function onlyFromScript(bastion: string): string {
  return `DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install iptables >/dev/null
cat >/etc/systemd/system/ssh-from-bastion.service <<'END'
[Unit]
Description=SSH from the bastion alone
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/iptables --wait -A INPUT -p tcp --dport 22 ! -s ${bastion} -j DROP

[Install]
WantedBy=multi-user.target
END
systemctl --quiet enable --now ssh-from-bastion.service`;
}

/** Locally administered, and the same after each start. */
function macOf(address: string): string {
  return ["02", "4d", ...address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}
