# shellcheck shell=bash
# What bash reads before a script for root where sudo asks for a password: the next line is the password, what follows is
# the script. Neither comes into the list of processes, or into sudo's log.
{
  export LC_ALL=C
  IFS= read -r password
  # sudo would take lines of the script for more tries: so a password is tried alone first.
  said=$(printf '%s\n' "$password" 2>/dev/null | sudo -S -p '' true 2>&1) || {
    printf '%s\n' "$said" >&2
    exit 1
  }
  # sudo-rs reads more than the password's line, and what it has read is lost: so the rest is sent when root's shell has said
  # that it runs. Where sudo doesn't ask, because of NOPASSWD or because it asked just now, that shell gets the password, and
  # passes over it.
  coproc ROOT {
    sudo -S -p '' sh -c 'echo homelab-script; while IFS= read -r line; do [ "$line" != homelab-script ] || exec bash -s; done; exit 1'
  }
  root=$!
  out=${ROOT[0]} in=${ROOT[1]}
  exec 3<&"$out" 4>&"$in" {out}<&- {in}>&-
  trap '' PIPE
  printf '%s\n' "$password" 2>/dev/null >&4
  while IFS= read -r line <&3 && [ "$line" != homelab-script ]; do :; done
  cat <&3 4>&- &
  { echo homelab-script && cat; } 2>/dev/null >&4
  exec 4>&-
  wait "$root"
  code=$?
  wait
  exit "$code"
}
