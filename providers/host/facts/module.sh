# observe_module NAME: `present` where the module is loaded, is built in, or where what it brings works; `missing`. A module's
# file may have hyphens where its name has underscores.
observe_module() {
  case $1 in
    overlay) ! grep -qw overlay /proc/filesystems || {
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

# One that is in use stays until the next boot.
restore_module() {
  local name
  while IFS=$'\t' read -r -u 3 name _; do modprobe -r -- "$name" 2>/dev/null || true; done 3< <(entries module)
}
