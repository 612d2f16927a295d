# observe_hold NAME: `hold` where apt must leave the package alone.
observe_hold() {
  dpkg-query -W -f '${db:Status-Want}\n' -- "$1" 2>/dev/null || echo missing
}

remember_hold() { remember hold "$1" "$(observe_hold "$1")"; }

# set_hold NAME STATE: `hold`, or `install` for none. apt-mark would read all sources of apt.
set_hold() {
  await_dpkg
  printf '%s %s\n' "$1" "$2" | quietly dpkg --set-selections
}

restore_hold() {
  local name was
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$was" = hold ] || [ "$(observe_hold "$name")" != hold ] || set_hold "$name" install
  done 3< <(entries hold)
}
