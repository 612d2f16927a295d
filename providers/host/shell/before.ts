/**
 * Shell functions that remember what a host was like before its first change, so that `providers/machines/metal/undo-script.ts` can
 * put it back. Each thing is remembered once, before the step's first change of it: neither a second run nor one that goes
 * on after a killed one takes our own values for the host's. See `functions.ts`.
 *
 * The journal has one line for each thing, `kind<TAB>key<TAB>value`:
 * - `file`: the path; `absent`, or `kept` where the original stands in `files/` with mode and owner.
 * - `wrote`: the path; SHA-256 and mode of what we wrote. What a host shows beside these is somebody else's.
 * - `folder`: a folder that was not there. `data`: the same, but all that is ever in it is the runtime's own.
 * - `package`: a package that was not there; `absent`, or `config-files` where its configuration was.
 * - `version`, `removed`: a package; its version before we changed or removed it.
 * - `hold`: a package; whether it was held. `unit`: a unit; enabled and active, as systemctl names the states.
 * - `sysctl`: its name; its value. `module`: a kernel module that was not loaded. `swap`: a device; `active`.
 */

/** Where it is remembered, as `$before` in the scripts. */
export const BEFORE_FOLDER = "/var/lib/homelab/before";

/** Stands before a line of fstab that the swap step switched off. */
export const SWAP_OFF = "# off by homelab: ";

/** `remembered KIND KEY`: succeeds where the thing is in the journal. */
export const REMEMBERED = `remembered() {
  local kind key
  [ -e "$before/journal" ] || return 1
  while IFS=$'\\t' read -r kind key _; do
    [ "$kind" != "$1" ] || [ "$key" != "$2" ] || return 0
  done <"$before/journal"
  return 1
}`;

/** `remember KIND KEY VALUE`: notes it, unless that was done before. A line that a power cut tore is closed first. */
export const REMEMBER = `remember() {
  remembered "$1" "$2" || note_before "$@"
}
note_before() {
  mkdir -p -- "\${before%/*}"
  install -d -m 700 -- "$before"
  [ ! -s "$before/journal" ] || [ -z "$(tail -c 1 "$before/journal")" ] || echo >>"$before/journal"
  printf '%s\\t%s\\t%s\\n' "$1" "$2" "$3" >>"$before/journal"
  sync -- "$before/journal"
}`;

/** `remember_folders PATH…`: those of the folders, and of the folders above them, that are not there yet. */
export const REMEMBER_FOLDERS = `remember_folders() {
  local path above missing
  for path; do
    above=$path missing=()
    while [ -n "$above" ] && [ ! -e "$above" ]; do
      missing=("$above" "\${missing[@]}")
      above=\${above%/*}
    done
    for above in "\${missing[@]}"; do remember folder "$above" absent; done
  done
}`;

/** `remember_data PATH…`: those of the folders of a runtime's data that are not there yet. */
export const REMEMBER_DATA = `remember_data() {
  local path
  for path; do
    [ -e "$path" ] || remember data "$path" absent
  done
}`;

/** `remember_file PATH`: a file, link or its absence. Our own folders and what is in memory go without. */
export const REMEMBER_FILE = `remember_file() {
  case $1 in "\${before%/*}"/* | /run/*) return 0 ;; esac
  ! remembered file "$1" || return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    install -d -m 700 -- "$before"
    mkdir -p -- "$before/files\${1%/*}"
    cp -aT -- "$1" "$before/files$1.new"
    [ -L "$1" ] || sync -- "$before/files$1.new"
    mv -fT -- "$before/files$1.new" "$before/files$1"
    remember file "$1" kept
  else
    remember_folders "\${1%/*}"
    remember file "$1" absent
  fi
}`;

/** `remember_wrote PATH NEW`: what will stand at the path, from a file that has it already. */
export const REMEMBER_WROTE = `remember_wrote() {
  local kind key value new
  case $1 in "\${before%/*}"/* | /run/*) return 0 ;; esac
  new=$(digest "$2")
  while IFS=$'\\t' read -r kind key value; do
    [ "$kind" != wrote ] || [ "$key" != "$1" ] || [ "$value" != "$new" ] || return 0
  done <"$before/journal"
  note_before wrote "$1" "$new"
}`;

/** `remember_unit NAME`: how it starts, and whether it runs. */
export const REMEMBER_UNIT = `remember_unit() {
  local enabled
  enabled=$(unit_enabled "$1")
  remember unit "$1" "\${enabled:-not-found} $(unit_active "$1")"
}`;

/** `remember_sysctl NAME…`: those that the kernel has. */
export const REMEMBER_SYSCTL = `remember_sysctl() {
  local name value
  for name; do
    value=$(sysctl_value "$name")
    [ "$value" = missing ] || remember sysctl "$name" "$value"
  done
}`;

/** `remember_packages ARGUMENT…`: what this call of apt-get would change, the packages that it needs by itself included. */
export const REMEMBER_PACKAGES = `remember_packages() {
  local planned action name version
  # Where the plan can't be made, the real run fails too, and says why.
  planned=$(apt-get -qq -s -o Debug::NoLocking=1 "$@" 2>/dev/null) || return 0
  while read -r action name version _; do
    case $version in "["*) version=\${version#[} version=\${version%]} ;; *) version='' ;; esac
    case $action in
      Inst) if [ -n "$version" ]; then remember version "$name" "$version"; else remember package "$name" "$(package_traces "$name")"; fi ;;
      Remv) remember removed "$name" "\${version:-unknown}" ;;
    esac
  done <<<"$planned"
}
package_traces() {
  case $(dpkg-query -W -f '\${db:Status-Status}' -- "$1" 2>/dev/null || true) in config-files) echo config-files ;; *) echo absent ;; esac
}`;
