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
  # Where sudo doesn't ask, because of NOPASSWD or because it asked just now, the password is still to come: it is passed over.
  { printf '%s\n' "$password" homelab-script && cat; } 2>/dev/null \
    | sudo -S -p '' sh -c 'while IFS= read -r line; do [ "$line" != homelab-script ] || exec bash -s; done; exit 1'
  exit
}
