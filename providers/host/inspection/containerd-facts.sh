# shellcheck shell=bash
# What of a host's own containerd is in the way. Lists are words in one line:
# - secondContainerd: FILES OF THE UNIT|PROGRAM, where the unit starts another program than the package's
# - replacedRuntimes: runtimes and plugins (`plugin:NAME`) that only a config.toml of others has, and which would be gone
# - missingPrograms: of the settings' runtimes

containerd_facts() {
  local program lacking=
  say fact secondContainerd "$(second_containerd)"
  say fact replacedRuntimes "$(replaced_runtimes)"
  for program in $runtime_programs; do [ -x "$program" ] || lacking+="$program "; done
  say fact missingPrograms "$lacking"
}

replaced_runtimes() {
  local file=/etc/containerd/config.toml
  [ -f "$file" ] || return 0
  case $(head -n 1 "$file") in '# Written by homelab'*) return 0 ;; esac
  comm -23 <(named_runtimes "$file") <(named_runtimes /etc/containerd/conf.d/*.toml) | tr '\n' ' '
}

# named_runtimes FILE...: the runtimes but runc, and the plugins, that have a table there, sorted.
named_runtimes() {
  sed -E "s/[\"' \t]//g" -- "$@" 2>/dev/null \
    | sed -nE 's/^\[.*\.containerd\.runtimes\.([^].]+)\].*/\1/p; s/^\[proxy_plugins\.([^].]+)\].*/plugin:\1/p' | grep -vx runc | sort -u
}
