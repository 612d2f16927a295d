# observe_module NAME: `present` where the module is loaded, is built in, or where what it brings works; `missing`. A module's
# file may have hyphens where its name has underscores.
observe_module() {
  case $1 in
    overlay) ! grep -qsw overlay /proc/filesystems || {
      echo present
      return 0
    } ;;
    br_netfilter) [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || {
      echo present
      return 0
    } ;;
  esac
  if [ -d "/sys/module/$1" ] || grep -qs "/${1//_/[-_]}\.ko" "/lib/modules/$(uname -r)/modules.builtin"; then
    echo present
  else
    echo missing
  fi
}

# remember_module NAME: one that is not loaded.
remember_module() { [ "$(observe_module "$1")" = present ] || remember module "$1" missing; }

# load_module NAME ACTION: loads it where it is missing. {module} in the action becomes the name.
load_module() {
  [ "$(observe_module "$1")" = present ] || modprobe -- "$1" 2>/dev/null || true
  [ "$(observe_module "$1")" = present ] || die "the kernel module $1 can't be loaded" "${2//'{module}'/$1}"
}

# release_modules FILE NAME...: those that FILE lists and that are not among the names any more are unloaded where this program loaded
# them, no other list has them and nothing uses them.
release_modules() {
  local file=$1 name
  shift
  [ -f "$file" ] || return 0
  while read -r -u 3 name; do
    case " $* " in *" $name "*) continue ;; esac
    remembered module "$name" || continue
    ! listed_elsewhere "$name" "$file" || continue
    ! modprobe -r -- "$name" 2>/dev/null || echo "unloaded $name"
  done 3< <(grep -v '^#' "$file")
}

# listed_elsewhere NAME FILE: whether another file than FILE lists the module for the boot.
listed_elsewhere() {
  local file
  for file in /etc/modules /etc/modules-load.d/*.conf /run/modules-load.d/*.conf /usr/lib/modules-load.d/*.conf; do
    [ "$file" = "$2" ] || ! grep -qsE "^[[:space:]]*${1//_/[-_]}[[:space:]]*\$" "$file" || return 0
  done
  return 1
}

# One that is in use stays until the next boot.
restore_module() {
  local name
  while IFS=$'\t' read -r -u 3 name _; do modprobe -r -- "$name" 2>/dev/null || true; done 3< <(entries module)
}
