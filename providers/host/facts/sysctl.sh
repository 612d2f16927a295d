# observe_sysctl NAME: the value in effect, with single spaces; `missing`.
observe_sysctl() {
  local words
  read -ra words 2>/dev/null <"$(sysctl_path "$1")" || {
    echo missing
    return 0
  }
  echo "${words[*]-}"
}
observe_sysctl_minimum() { observe_sysctl "$1"; }

# sysctl_path NAME: its file. Dots separate; a slash is a dot of a device's name, as in net.ipv4.conf.eth0/100.rp_filter (sysctl.d(5)).
sysctl_path() {
  local path=${1//\//$'\n'}
  path=${path//.//}
  printf '/proc/sys/%s\n' "${path//$'\n'/.}"
}

# write_sysctl NAME VALUE: without the program sysctl, which a minimal host may not have.
write_sysctl() { printf '%s\n' "$2" 2>/dev/null >"$(sysctl_path "$1")"; }

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
  { write_sysctl "$1" "$2"; } 2>/dev/null || true
  [ "$(observe_sysctl "$1")" = "$2" ] || die "the sysctl $1 should be '$2' and is '$(observe_sysctl "$1")'" "$3"
  echo "set $1 to $2"
}

# raise_sysctl NAME VALUE ACTION: sets it where it is less.
raise_sysctl() {
  [ "$(observe_sysctl "$1")" -ge "$2" ] 2>/dev/null || set_sysctl "$@"
}

# least_sysctl NAME MINIMUM FILE: the minimum; or what the host has, had before us, or sets in another file than FILE, where that is
# more. In FILE, which is read last at boot, the minimum alone would lower it.
least_sysctl() {
  local value most=$2
  while read -r value; do
    [[ ! $value =~ ^[0-9]{1,18}$ ]] || [ "$value" -le "$most" ] || most=$value
  done < <(
    observe_sysctl "$1"
    entries sysctl | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
    configured_sysctl "$1" "$3"
  )
  echo "$most"
}

# keep_least FILE ACTION [NAME MINIMUM]...: raises each to its least_sysctl, and writes that to FILE for the boot.
keep_least() {
  local file=$1 action=$2 text='# Written by homelab.' value
  shift 2
  if [ "$#" -eq 0 ]; then
    remove_file "$file"
    return 0
  fi
  while [ "$#" -gt 0 ]; do
    value=$(least_sysctl "$1" "$2" "$file")
    raise_sysctl "$1" "$value" "$action"
    text+=$'\n'"$1 = $value"
    shift 2
  done
  write_file "$file" 644 <<<"$text"
}

# configured_sysctl NAME FILE: its values in all files that are read at boot, but FILE.
configured_sysctl() {
  local file files=()
  for file in /etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
    [ ! -r "$file" ] || [ "$file" = "$2" ] || files+=("$file")
  done
  [ "${#files[@]}" -eq 0 ] || awk -F = -v name="$1" '
    { key = $1; gsub(/[ \t-]/, "", key); gsub("/", ".", key) }
    key == name { gsub(/[ \t\r]/, "", $2); print $2 }' "${files[@]}"
}

# release_sysctls FILE NAME...: those in FILE that are not among the names any more get back what was there before us, unless others
# changed them after us.
release_sysctls() {
  local file=$1 name value was
  shift
  [ -f "$file" ] || return 0
  while IFS=$'\t' read -r -u 3 name value; do
    case " $* " in *" $name "*) continue ;; esac
    was=$(entries sysctl | awk -F '\t' -v name="$name" '$1 == name { print $2; exit }')
    case $was in '' | "$value") continue ;; esac
    [ "$(observe_sysctl "$name")" = "$value" ] || continue
    ! { write_sysctl "$name" "$was"; } 2>/dev/null || echo "set $name back to $was"
  done 3< <(awk -F ' = ' -v OFS='\t' '!/^#/ && NF == 2 { print $1, $2 }' "$file")
}

# One that the kernel doesn't have any more went with its module, or its device.
restore_sysctl() {
  local name was
  while IFS=$'\t' read -r -u 3 name was; do
    case $(observe_sysctl "$name") in "$was" | missing) continue ;; esac
    { write_sysctl "$name" "$was"; } 2>/dev/null || kept "the sysctl $name at $(observe_sysctl "$name"); it was $was before"
  done 3< <(entries sysctl)
}
