#!/bin/bash
# Makes what every machine with a kernel of its own begins with: Debian as a server has it (sshd, sudo, multipathd,
# unattended-upgrades, AppArmor), with Debian's kernel for clouds, and none of what the steps install. Arguments: the release,
# an empty folder, and a folder for work.
#
# It leaves in the first folder `rootfs.tar`, `vmlinuz` and `initrd.img`. It needs mmdebstrap and Debian's own mirror, once.
set -euo pipefail
release=$1
result=$2
work=$3
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
tree=$work/tree

# A machine in the test's network reaches no mirror: what can be installed from the distribution comes with it, as on a DVD. It is
# what the steps ask for, and what brings swap back on other people's hosts, with all that it needs on this tree.
on_dvd="ca-certificates conntrack curl ethtool gnupg iproute2 iptables kmod libseccomp2 mount procps socat \
cryptsetup nfs-common open-iscsi dphys-swapfile swapspace zram-tools systemd-zram-generator"

# The drivers of the one disk are enough to find the root file system: others make the initrd ten times as large.
small_initrd="mkdir -p '$tree/etc/initramfs-tools/conf.d'
echo MODULES=list >'$tree/etc/initramfs-tools/conf.d/homelab'
printf '%s\n' virtio_pci virtio_blk ext4 >'$tree/etc/initramfs-tools/modules'"

# The hook's apt is the workstation's, which can reach the archive; it works on the tree.
download="mkdir -p '$tree/srv/debian'
export APT_CONFIG=\"\$MMDEBSTRAP_APT_CONFIG\"
apt-get -qq clean
apt-get -qq -y --no-install-recommends --download-only install $on_dvd
mv '$tree'/var/cache/apt/archives/*.deb '$tree/srv/debian'"

mmdebstrap --quiet --variant=minbase \
  --include=systemd-sysv,systemd-timesyncd,libpam-systemd,udev,dbus,openssh-server,sudo,iproute2,kmod,procps,e2fsprogs \
  --include=linux-image-cloud-amd64,initramfs-tools,apparmor,multipath-tools,unattended-upgrades,python3-dbus,gpgv,perl \
  --include=ca-certificates,curl,gnupg,iptables \
  --aptopt='Acquire::Retries "5"' \
  --aptopt='Apt::Install-Recommends "false"' \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --essential-hook="$small_initrd" \
  --customize-hook="$download" \
  --customize-hook="rm -f '$tree/etc/dpkg/dpkg.cfg.d/99mmdebstrap' '$tree/etc/apt/apt.conf.d/99mmdebstrap'" \
  --customize-hook="chroot '$tree' systemctl enable --quiet systemd-networkd.service ssh.service" \
  --customize-hook="chroot '$tree' systemctl mask --quiet serial-getty@ttyS0.service" \
  "$release" "$tree"

# It is started with the kernel and the initrd that are beside it: the initrd on its disk is never read.
cp "$tree"/boot/vmlinuz-* "$result/vmlinuz"
cp "$tree"/boot/initrd.img-* "$result/initrd.img"
echo 'update_initramfs=no' >"$tree/etc/initramfs-tools/update-initramfs.conf"

for deb in "$tree"/srv/debian/*.deb; do
  dpkg-deb --field "$deb"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d' ' -f1)"
done >"$tree/srv/debian/Packages"
rm -rf "$tree"/etc/apt/sources.list.d/* "$tree"/var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/srv/debian ./' >"$tree/etc/apt/sources.list"
chroot "$tree" apt-get -qq update
# As debconf writes it where the owner says yes.
printf '%s\n' 'APT::Periodic::Update-Package-Lists "1";' 'APT::Periodic::Unattended-Upgrade "1";' \
  >"$tree/etc/apt/apt.conf.d/20auto-upgrades"

rm -f "$tree"/etc/ssh/ssh_host_* "$tree"/etc/hostname "$tree"/etc/resolv.conf
# What systemd would do at the first boot of a new tree is done.
touch "$tree/etc/.updated" "$tree/var/.updated"
tar --create --numeric-owner --xattrs --xattrs-include='*' --one-file-system --exclude='./dev/*' \
  --file="$result/rootfs.tar" --directory="$tree" .
