# What a host was like before its first change is remembered, so that its removal can restore it. Each thing is remembered
# once, before the first change of it: neither a second run nor one that goes on after a killed one takes our own values
# for the host's. How each kind is remembered and restored is in the file of its facts.
#
# The journal, $before/journal, has one line for each thing, KIND<TAB>KEY<TAB>VALUE:
# - file: the path; `absent`, or `kept` where the original is in $before/files with mode and owner.
# - wrote: the path; SHA-256 and mode of what we wrote. Anything else that is found there was changed by others.
# - folder: a folder that was not there. data: the same, but all that is ever in it is the runtime's own.
# - package: a package that was not there; `absent`, or `config-files` where its configuration was.
# - version, removed: a package; its version before we changed or removed it.
# - hold: a package; whether it was held. unit: a unit; enabled and active, as systemctl names the states.
# - sysctl: its name; its value. module: a kernel module that was not loaded. swap: a device; `active`.

# remembered KIND KEY: succeeds where the thing is in the journal.
remembered() {
  local kind key
  [ -e "$before/journal" ] || return 1
  while IFS=$'\t' read -r kind key _; do
    [ "$kind" != "$1" ] || [ "$key" != "$2" ] || return 0
  done <"$before/journal"
  return 1
}

# remember KIND KEY VALUE: notes it, unless that was done before. A line that a power cut tore is closed first.
remember() {
  remembered "$1" "$2" || note_before "$@"
}

note_before() {
  mkdir -p -- "${before%/*}"
  install -d -m 700 -- "$before"
  [ ! -s "$before/journal" ] || [ -z "$(tail -c 1 "$before/journal")" ] || echo >>"$before/journal"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$before/journal"
  sync -- "$before/journal"
}

# entries KIND: the lines KEY<TAB>VALUE of a kind.
entries() {
  [ ! -e "$before/journal" ] || awk -F '\t' -v kind="$1" -v OFS='\t' '$1 == kind { print $2, $3 }' "$before/journal"
}

# kept WHAT: says what the removal leaves, and why.
kept() { printf 'kept %s\n' "$1"; }

# prepare_restore FACT, restore FACT: what the facts of the name have for the removal of a host. All are prepared before
# the first is restored.
prepare_restore() { ! declare -F "prepare_restore_$1" >/dev/null || "prepare_restore_$1"; }
restore() { ! declare -F "restore_$1" >/dev/null || "restore_$1"; }
