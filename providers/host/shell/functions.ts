import { APT, APT_KEY, APT_PACKAGES, AWAIT_DPKG, LOCK_HOLDER } from "./apt";
import * as before from "./before";
import * as observe from "./observe";

/**
 * `write_file PATH MODE <TEXT`: writes a file whole or not at all, and only where it differs; says when it wrote. What was
 * there before its first time is remembered.
 */
const WRITE_FILE = `write_file() {
  local new=$1.homelab-new
  remember_file "$1"
  mkdir -p -- "\${1%/*}"
  cat >"$new"
  chmod "$2" "$new"
  if [ ! -L "$1" ] && cmp -s -- "$new" "$1" && [ "$(stat -c %a -- "$1")" = "\${2#0}" ]; then
    rm -f -- "$new"
  else
    remember_wrote "$1" "$new"
    mv -fT -- "$new" "$1"
    echo "wrote $1"
  fi
}`;

/** `remove_file PATH`: says when it removed. What was there is remembered, as by `write_file`. */
const REMOVE_FILE = `remove_file() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  remember_file "$1"
  rm -f -- "$1"
  echo "removed $1"
}`;

/** `quietly COMMAND…`: its output is shown only where it fails, and then its end. */
const QUIETLY = `quietly() {
  local log=/run/homelab.log status=0
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || { tail -n 20 "$log" >&2; die "'$*' ended with exit code $status" "its last lines are above; mend that and run pulumi up again"; }
  rm -f "$log"
}`;

/**
 * The shell functions that a step's script may use, in the order in which they are written down. A script gets those
 * that it names, and what those name.
 */
const FUNCTIONS: Readonly<Record<string, string>> = {
  quietly: QUIETLY,
  remembered: before.REMEMBERED,
  remember: before.REMEMBER,
  remember_folders: before.REMEMBER_FOLDERS,
  remember_data: before.REMEMBER_DATA,
  remember_file: before.REMEMBER_FILE,
  remember_wrote: before.REMEMBER_WROTE,
  remember_unit: before.REMEMBER_UNIT,
  remember_sysctl: before.REMEMBER_SYSCTL,
  remember_packages: before.REMEMBER_PACKAGES,
  write_file: WRITE_FILE,
  remove_file: REMOVE_FILE,
  digest: observe.DIGEST,
  module_state: observe.MODULE_STATE,
  sysctl_value: observe.SYSCTL_VALUE,
  package_version: observe.PACKAGE_VERSION,
  package_hold: observe.PACKAGE_HOLD,
  unit_enabled: observe.UNIT_ENABLED,
  unit_active: observe.UNIT_ACTIVE,
  swap_active: observe.SWAP_ACTIVE,
  swap_units: observe.SWAP_UNITS,
  swap_at_boot: observe.SWAP_AT_BOOT,
  containerd_value: observe.CONTAINERD_VALUE,
  lock_holder: LOCK_HOLDER,
  await_dpkg: AWAIT_DPKG,
  apt: APT,
  apt_key: APT_KEY,
  apt_packages: APT_PACKAGES,
};

/** The functions that a text of shell commands needs. */
export function functionsFor(commands: string): string[] {
  const needed = new Set<string>();
  const visit = (text: string): void => {
    for (const [name, definition] of Object.entries(FUNCTIONS)) {
      if (needed.has(name) || !new RegExp(`(?<![\\w/.-])${name}(?![\\w/.-])`).test(text)) continue;
      needed.add(name);
      visit(definition);
    }
  };
  visit(commands);
  return Object.entries(FUNCTIONS)
    .filter(([name]) => needed.has(name))
    .map(([, definition]) => definition);
}
