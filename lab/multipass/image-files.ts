/** What the image has beside its packages. Paths are relative to its root. */
export const imageFiles: Readonly<Record<string, string>> = {
  "etc/cloud/cloud.cfg.d/90_multipass.cfg": `# As on Ubuntu's images, and for a machine that is offline and has no locales.
datasource_list: [NoCloud]
network: {config: disabled}
locale: false
apt: {preserve_sources_list: true}
system_info: {default_user: {name: ubuntu, gecos: Ubuntu}}
`,
  // A simulated machine has no udev: networkd would wait for it, unless it sees a read-only /sys.
  "etc/systemd/system/systemd-networkd.service.d/no-udev.conf": "[Service]\nReadOnlyPaths=/sys\n",
  // At shutdown some processes of pods never end; by default systemd would wait 90 s for them.
  "etc/systemd/system.conf.d/stop.conf": "[Manager]\nDefaultTimeoutStopSec=15s\n",
  "etc/systemd/system/virtual-machine-mounts.service": `[Unit]
Description=Mounts as in a virtual machine
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/virtual-machine-mounts

[Install]
WantedBy=sysinit.target
`,
  "usr/local/sbin/virtual-machine-mounts": `#!/bin/sh
# cgroup v1 comes read-only from systemd-nspawn, and a kubelet makes groups there.
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,bind,rw /sys/fs/cgroup
  for hierarchy in /sys/fs/cgroup/*/; do
    if mountpoint -q "$hierarchy"; then mount -o remount,bind,rw "$hierarchy"; fi
  done
fi
mkdir -p /sys/fs/bpf
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
# Volumes of pods need it.
mount --make-rshared /
`,
  "etc/apt/sources.list": "deb [trusted=yes] file:/usr/share/distribution-archive ./\n",
};

export const executableFiles: readonly string[] = ["usr/local/sbin/virtual-machine-mounts"];

/** Links, by their place. */
export const imageLinks: Readonly<Record<string, string>> = {
  "etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf",
  "etc/systemd/system/sysinit.target.wants/virtual-machine-mounts.service": "../virtual-machine-mounts.service",
  // They can't work without the machine's own kernel or console.
  "etc/systemd/system/run-rpc_pipefs.mount": "/dev/null",
  "etc/systemd/system/systemd-networkd-wait-online.service": "/dev/null",
  "etc/systemd/system/console-getty.service": "/dev/null",
};

/** Each machine gets its own. Globs. */
export const notInImage: readonly string[] = [
  "etc/hostname",
  "etc/ssh/ssh_host_*",
  "etc/apt/sources.list.d/*",
  "etc/apt/apt.conf.d/99mmdebstrap",
  "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
  "var/log/*.log",
];
