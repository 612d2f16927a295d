#!/bin/bash
# Makes the tree of a host on which people log in with all kinds of shells: Debian 13, with sshd, sudo and sudo-rs, GNU's
# coreutils and uutils. Argument: an empty folder, in which it leaves `rootfs.tar`, and beside it the packages of sudo-rs and
# uutils for hosts that reach no mirror. It needs Debian's own mirror, once.
set -euo pipefail
result=$1
mirror=${MIRROR:-http://deb.debian.org/debian}
packages=(openssh-server sudo sudo-rs rust-coreutils fish zsh tcsh procps)
# shellcheck disable=SC2016 # "$1" is mmdebstrap's own
mmdebstrap --quiet --variant=minbase --format=tar --include="$(IFS=, && echo "${packages[*]}")" \
  --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/resolv.conf' \
  --customize-hook='cd "$1/root" && apt-get -qq -o APT::Sandbox::User=root -o Dir="$1" download sudo-rs rust-coreutils' \
  --customize-hook="mv \"\$1\"/root/*.deb ${result@Q}" \
  trixie "$result/rootfs.tar" "$mirror"
