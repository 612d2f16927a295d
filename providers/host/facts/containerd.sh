# The program of the package: another may come before it on the PATH.
packaged_containerd=/usr/bin/containerd

# second_containerd: where containerd's unit starts another program than the package's: the files of the unit and that program, as
# FILE…|PROGRAM; fails where it doesn't.
second_containerd() {
  local program
  program=$(systemctl show -p ExecStart --value containerd.service 2>/dev/null | sed -n 's/^{ path=\([^ ;]*\).*/\1/p' | head -n 1)
  case $program in '' | "$packaged_containerd") return 1 ;; esac
  [ ! "$program" -ef "$packaged_containerd" ] || return 1
  printf '%s|%s\n' "$(systemctl show -p FragmentPath -p DropInPaths --value containerd.service | tr -s '\n ' ' ' | sed 's/ $//')" "$program"
}

refuse_second_containerd() {
  local found
  ! found=$(second_containerd) || die "another containerd is on the host: ${found%%|*} starts ${found#*|}; nothing was installed" "remove it: 'systemctl disable --now containerd', then its unit and programs"
}

# runs_packaged_containerd: the process of the unit runs the package's program, and not one that an upgrade has replaced.
runs_packaged_containerd() {
  [ "/proc/$(systemctl show -p MainPID --value containerd.service)/exe" -ef "$packaged_containerd" ]
}

# verify_containerd VERSION: ends where another program runs, or the package's was replaced by hand.
verify_containerd() {
  local version
  runs_packaged_containerd \
    || die "containerd.service does not run $packaged_containerd but $(readlink "/proc/$(systemctl show -p MainPID --value containerd.service)/exe" || true)" "its unit is $(systemctl show -p FragmentPath -p DropInPaths --value containerd.service | tr -s '\n' ' ')"
  version=$("$packaged_containerd" --version 2>/dev/null | awk '{ sub(/^v/, "", $3); print $3 }')
  [ "$version" = "${1%%-*}" ] || die "$packaged_containerd is version ${version:-unknown}, its package ${1%%-*}" "'apt-get install --reinstall containerd.io' on the host, then run pulumi up again"
}

# runtimes_in_effect DRIVER: every runtime of runc's type must have the kubelet's cgroup driver, `true` for systemd's; others'
# files can add some.
runtimes_in_effect() {
  local table=plugins.io.containerd.cri.v1.runtime.containerd.runtimes name
  while read -r name; do
    [ "$(observe_containerd "$table.$name/runtime_type")" = io.containerd.runc.v2 ] || continue
    [ "$(observe_containerd "$table.$name.options/SystemdCgroup")" = "$1" ] \
      || die "containerd's runtime $name has another cgroup driver than the kubelet" "set SystemdCgroup = $1 in its options, in the file of /etc/containerd/conf.d that has it"
  done < <(sed -E "s/[\"' \t]//g" <<<"$containerd_dump" | sed -nE "s/^\[${table//./\\.}\.([^].]+)\]$/\1/p")
}

# observe_containerd TABLE/NAME: a value in effect in containerd's configuration, all without quotes; `missing`.
observe_containerd() {
  [ -n "${containerd_dump-}" ] || cache_containerd
  awk -v table="${1%/*}" -v name="${1##*/}" '
    BEGIN { here = table == "" }
    { gsub(/["\047]/, ""); sub(/^[ \t]+/, "") }
    /^\[/ { here = $0 == "[" table "]"; next }
    here && $1 == name && $2 == "=" { sub(/^[^=]*= */, ""); print; found = 1; exit }
    END { if (!found) print "missing" }
  ' <<<"$containerd_dump"
}

cache_containerd() {
  containerd_dump=$("$packaged_containerd" config dump 2>/dev/null) || containerd_dump='# unreadable'
}

# The containers of others go on meanwhile: their shims hold them.
restore_containerd() {
  [ "$(observe_unit_active containerd.service)" != active ] || systemctl restart containerd.service || kept "containerd: it does not start"
}
