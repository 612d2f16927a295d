#!/bin/bash
# Makes the tree of a host on which people log in with all kinds of shells: Debian 13, with sshd, sudo and sudo-rs, GNU's
# coreutils and uutils. Argument: an empty folder, in which it leaves `rootfs.tar`. It needs Debian's own mirror, once.
set -euo pipefail
result=$1
mirror=${MIRROR:-http://deb.debian.org/debian}
packages=(openssh-server sudo sudo-rs rust-coreutils fish zsh tcsh procps)
# shellcheck disable=SC2016 # "$1" is mmdebstrap's own
mmdebstrap --quiet --variant=minbase --format=tar --include="$(IFS=, && echo "${packages[*]}")" \
  --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/resolv.conf' \
  trixie "$result/rootfs.tar" "$mirror"
