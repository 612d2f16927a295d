# apt's sources: those that stop nothing, and what they offer.

# What apt-get and apt-cache read in the place of what the host has; nothing where that is all well.
apt_options=()
# Files of sources that apt can't read, each with its reason.
unreadable=()

# choose_sources [WITHOUT]: sets apt_options so that no source stops the others: without a file that apt can't read, and without
# discs, which may not be in their drive. WITHOUT is a file to leave out too.
choose_sources() {
  local file part parts=() differs=${1-}
  unreadable=()
  rm -rf -- "$apt_view"
  mkdir -p -- "$apt_view"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ ! -f "$file" ] || [ "$file" = "${1-}" ]; then continue; fi
    part=$(view_part "$file")
    without_discs "$file" >"$part"
    cmp -s -- "$file" "$part" || differs=yes
    parts+=("$part")
  done
  # Without apt's cache of them, which is of the host's own sources.
  apt_options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt_view" -o APT::Get::List-Cleanup=0 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  if [ -n "$(sources_problem)" ]; then
    differs=yes
    leave_out_unreadable "${parts[@]}"
  fi
  [ -n "$differs" ] || apt_options=()
}

# Takes the parts one after the other: the first that apt can't read beside those before it is left out.
leave_out_unreadable() {
  local part problem
  for part; do mv -- "$part" "$part.aside"; done
  for part; do
    mv -- "$part.aside" "$part"
    problem=$(sources_problem)
    [ -n "$problem" ] || continue
    rm -f -- "$part"
    unreadable+=("$(source_file "$part"): $problem")
  done
}

# view_part FILE, source_file PART: the copy of a file of sources in $apt_view, and back.
view_part() {
  local name=${1#/etc/apt/}
  echo "$apt_view/${name/\//_}"
}
source_file() {
  local name=${1#"$apt_view"/}
  echo "/etc/apt/${name/#sources.list.d_//sources.list.d/}" | tr -s /
}

without_discs() {
  case $1 in
    *.sources) if grep -qi '^URIs:.*cdrom:' "$1"; then awk 'BEGIN { RS = ""; ORS = "\n\n" } !/(^|\n)[Uu][Rr][Ii][Ss]:[^\n]*cdrom:/' "$1"; else cat "$1"; fi ;;
    *) sed -E '/^[[:space:]]*deb(-src)?[[:space:]].*cdrom:/d' "$1" ;;
  esac
}

# sources_problem: why apt can't read the sources of apt_options, in its words; empty where it can. A key in a source is a whole
# block of lines.
sources_problem() {
  local said
  ! said=$(apt-get "${apt_options[@]}" indextargets --no-release-info 2>&1 >/dev/null) || return 0
  said=${said#*E: }
  said=${said%%$'\nE: '*}
  said=${said//"$apt_view"\/sources.list.d_//etc/apt/sources.list.d/}
  echo "${said//"$apt_view"\//\/etc\/apt/}"
}

# fetch_source FILE: fetches the package lists that a file of sources names, once in a run; apt's others stay as they are.
fetch_source() {
  local part
  part=$(view_part "$1")
  [ -f "$part" ] || part=$1
  [ "${fetched-}" != "$part" ] || return 0
  await_dpkg
  quietly apt-get -qq -o Dir::Etc::sourcelist="$part" -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update
  fetched=$part
}

# fetch_lists: fetches all package lists of apt_options. What can't be fetched is named, and stops nothing: what is wanted may be
# in the others.
fetch_lists() {
  local log=/run/homelab.log
  await_dpkg
  [ "${#unreadable[@]}" -eq 0 ] || printf 'left out, because apt can not read it: %s\n' "${unreadable[@]}" >&2
  apt-get -qq "${apt_options[@]}" update >"$log" 2>&1 || {
    echo "not all package lists could be fetched:" >&2
    grep '^[EW]: ' "$log" | tail -n 10 >&2 || true
  }
  rm -f -- "$log"
}
