# observe_sysctl NAME: the value in effect, with single spaces; `missing`.
observe_sysctl() {
  local words
  read -ra words 2>/dev/null <"/proc/sys/${1//.//}" || {
    echo missing
    return 0
  }
  echo "${words[*]-}"
}
observe_sysctl_minimum() { observe_sysctl "$1"; }

# remember_sysctl NAME...: those that the kernel has.
remember_sysctl() {
  local name value
  for name; do
    value=$(observe_sysctl "$name")
    [ "$value" = missing ] || remember sysctl "$name" "$value"
  done
}

# set_sysctl NAME VALUE ACTION: sets it where it differs, and reads it back.
set_sysctl() {
  [ "$(observe_sysctl "$1")" != "$2" ] || return 0
  sysctl -qw "$1=$2" 2>/dev/null || true
  [ "$(observe_sysctl "$1")" = "$2" ] || die "the sysctl $1 should be '$2' and is '$(observe_sysctl "$1")'" "$3"
  echo "set $1 to $2"
}

# raise_sysctl NAME VALUE ACTION: sets it where it is less.
raise_sysctl() {
  [ "$(observe_sysctl "$1")" -ge "$2" ] || set_sysctl "$@"
}

restore_sysctl() {
  local name was
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$(observe_sysctl "$name")" = "$was" ] || sysctl -qw "$name=$was" 2>/dev/null || kept "the sysctl $name at $(observe_sysctl "$name"); it was $was before"
  done 3< <(entries sysctl)
}
