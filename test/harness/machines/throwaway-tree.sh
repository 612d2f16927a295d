#!/bin/bash
# Runs a script in a tree as its root, in namespaces of its own without a network; what it changes is in memory, and gone after
# it. Arguments: the folder with `tree`, `repositories` and `script.sh`. Called in new namespaces (mount, pid, net).
set -euo pipefail
folder=$1
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$folder/over"
mkdir "$folder"/over/{upper,work,root}
root=$folder/over/root
mount -t overlay overlay -o "lowerdir=$folder/tree,upperdir=$folder/over/upper,workdir=$folder/over/work" "$root"
mount -t proc proc "$root/proc"
# Devices of its own: a script as root could change the workstation's.
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir "$root/repositories"
mount --bind "$folder/repositories" "$root/repositories"
ip link set lo up
cp -- "$folder/script.sh" "$root/script.sh"
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/root bash -euo pipefail /script.sh
