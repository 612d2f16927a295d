# write_file PATH MODE <TEXT: writes a file whole or not at all, and only where it differs; says when it wrote. What was
# there before its first time is remembered.
write_file() {
  local new=$1.homelab-new
  remember_file "$1"
  mkdir -p -- "${1%/*}"
  cat >"$new"
  chmod "$2" "$new"
  if [ ! -L "$1" ] && cmp -s -- "$new" "$1" && [ "$(stat -c %a -- "$1")" = "${2#0}" ]; then
    rm -f -- "$new"
  else
    remember_wrote "$1" "$new"
    mv -fT -- "$new" "$1"
    echo "wrote $1"
  fi
}

# remove_file PATH: says when it removed. What was there is remembered, as by write_file.
remove_file() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  remember_file "$1"
  rm -f -- "$1"
  echo "removed $1"
}

# unmount_below FOLDER: unmounts all that is mounted below it.
unmount_below() {
  local path
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r path; do
    # The kernel writes spaces as \040.
    path=$(printf '%b' "$path")
    umount -- "$path" 2>/dev/null || umount --lazy -- "$path" || die "$path can't be unmounted" "see 'findmnt $path' on the host"
  done
}
