#!/bin/bash
# Makes the tree that every metal host of the tests begins with: Debian 12 as LXC's own template installs it, with what a
# server has (sshd, sudo, apt's lists), and none of what the steps install. Arguments: an empty folder, and a folder for work.
#
# It leaves in the first folder `rootfs.tar`. Beside LXC and debootstrap it needs Debian's own mirror, once.
set -euo pipefail
result=$1
work=$2
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive LXC_CACHE_PATH=$work/cache
mirror=${MIRROR:-http://deb.debian.org/debian}
security=${SECURITY_MIRROR:-http://deb.debian.org/debian-security}

lxc-create --lxcpath="$work" --name=base --template=debian --config=/dev/null -- \
  --release=bookworm --mirror="$mirror" --security-mirror="$security"
tree=$work/base/rootfs

printf '%s\n' "deb $mirror bookworm main" "deb $mirror bookworm-updates main" "deb $security bookworm-security main" \
  >"$tree/etc/apt/sources.list"
# No service is started in a tree that does not run.
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
cp --dereference /etc/resolv.conf "$tree/etc/resolv.conf"
chroot "$tree" apt-get -qq update
chroot "$tree" apt-get -qq -y --no-install-recommends install sudo dbus

# A host in the test's network reaches no mirror: what can be installed from the distribution comes with it, as on a DVD.
# It is what the steps ask for, with all that it needs on this tree.
repository=$tree/srv/debian
mkdir -p "$repository"
chroot "$tree" apt-get -qq clean
chroot "$tree" apt-get -qq -y --no-install-recommends --download-only install \
  ca-certificates conntrack curl ethtool gnupg iproute2 iptables ipset kmod libseccomp2 mount nftables procps socat
mv "$tree"/var/cache/apt/archives/*.deb "$repository"
for deb in "$repository"/*.deb; do
  dpkg-deb --field "$deb"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d' ' -f1)"
done >"$repository/Packages"
echo 'deb [trusted=yes] file:/srv/debian ./' >"$tree/etc/apt/sources.list"
rm -rf "$tree"/var/lib/apt/lists/*
chroot "$tree" apt-get -qq update

# A host makes its own identity when it starts for the first time.
rm -f "$tree"/etc/ssh/ssh_host_* "$tree/var/lib/dbus/machine-id" "$tree/usr/sbin/policy-rc.d"
: >"$tree/etc/machine-id"
cat >"$tree/etc/systemd/system/ssh-keygen.service" <<'UNIT'
[Unit]
Description=Keys of this host for sshd
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
Before=ssh.service

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
UNIT
chroot "$tree" systemctl --quiet enable ssh.service ssh-keygen.service
# Apt's timers take its lock at any time, and there is nothing that they could find.
chroot "$tree" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer

tar --create --numeric-owner --xattrs --one-file-system --file="$result/rootfs.tar" --directory="$tree" .
