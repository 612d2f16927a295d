#!/bin/bash
# Runs one machine until it is switched off, in its own control group, and starts it again when it restarts itself.
#
# usage: machine.sh run|clean, with the environment that machine.ts sets:
#   ID      name of the machine on the workstation, at most 12 characters
#   DIR     folder of the instance: its tree, and the files that say what runs
#   BRIDGE  the interface on the workstation that the machine is connected to
#   BOOT    command that is run before each boot
set -euo pipefail

cgroups=/sys/fs/cgroup
# systemd-nspawn's own: the machine restarts itself.
restarts=133

# The machine's control groups. Without them, the kubelets of all machines would share /kubepods.
groups_of_machine() {
  local hierarchy
  if [ -e $cgroups/cgroup.controllers ]; then
    # Where systemd is in charge, it makes the group and removes it (below).
    [ -d /run/systemd/system ] || echo "$cgroups/$ID"
    return 0
  fi
  for hierarchy in "$cgroups"/*; do
    if [ ! -L "$hierarchy" ] && mountpoint -q "$hierarchy"; then echo "$hierarchy/$ID"; fi
  done
}

enter_groups() {
  local group hierarchy controller
  for group in $(groups_of_machine); do
    hierarchy=${group%/*}
    if [ -e $cgroups/cgroup.controllers ]; then
      for controller in cpuset cpu io memory pids; do
        echo "+$controller" >$cgroups/cgroup.subtree_control 2>/dev/null || true
      done
    fi
    mkdir -p "$group"
    if [ "${hierarchy##*/}" = cpuset ] || [[ ",${hierarchy##*/}," = *,cpuset,* ]]; then
      # A new cpuset is empty, and takes no process.
      cat "$hierarchy/cpuset.cpus" >"$group/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$group/cpuset.mems"
      echo 1 >"$group/cgroup.clone_children"
    fi
    echo "$BASHPID" >"$group/cgroup.procs"
  done
}

remove_groups() {
  local group
  for group in $(groups_of_machine); do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + || return 1
  done
}

# Processes that outlived systemd-nspawn.
kill_groups() {
  local group pid
  for group in $(groups_of_machine); do
    [ -d "$group" ] || continue
    while read -r pid; do
      kill -KILL "$pid" 2>/dev/null || true
    done < <(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)
  done
}

clean() {
  kill_groups
  for _ in $(seq 20); do
    if remove_groups 2>/dev/null; then break; fi
    sleep 0.25
  done
  remove_groups || true
  if [ -e "/sys/class/net/vb-$ID" ]; then ip link delete "vb-$ID" || true; fi
  rm -rf "/run/systemd/nspawn/propagate/$ID" "/run/systemd/nspawn/unix-export/$ID"
  rm -f "$DIR/machine.pid"
}

# A process is known by its id, its start and the workstation's boot: ids are given again.
note_process() {
  # Not within the brackets below: they are processes of their own.
  local pid=$BASHPID
  echo "$pid $(cut -d' ' -f22 "/proc/$pid/stat") $(cat /proc/sys/kernel/random/boot_id)" >"$DIR/$1.part"
  mv "$DIR/$1.part" "$DIR/$1"
}

boot() {
  local unified=0 scope=()
  if [ -e $cgroups/cgroup.controllers ]; then
    unified=1
    if [ -d /run/systemd/system ]; then
      scope=(systemd-run --quiet --scope --collect "--unit=$ID" --property=Delegate=yes --property=TasksMax=infinity)
    fi
  fi
  enter_groups
  note_process machine.pid
  # Its filter of system calls would keep runc from the keyring; sysctls must be writable, as in a virtual machine.
  export SYSTEMD_SECCOMP=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=$unified
  local modules=()
  [ ! -d /lib/modules ] || modules=(--bind-ro=/lib/modules)
  # Works with and without systemd on the workstation. Containers in the machine need all capabilities, the kubelet the kernel's log.
  exec "${scope[@]}" systemd-nspawn --quiet "--directory=$DIR/tree" "--machine=$ID" --boot --register=no --keep-unit \
    --settings=no --link-journal=no --resolv-conf=off --timezone=off --console=read-only "--network-bridge=$BRIDGE" \
    --capability=all --private-users=no --bind=/dev/kmsg "${modules[@]}"
}

run() {
  local code=$restarts
  note_process supervisor.pid
  while [ "$code" = $restarts ]; do
    clean
    $BOOT
    code=0
    boot &
    wait "$!" || code=$?
  done
  clean
}

"$1"
