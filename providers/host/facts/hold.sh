# observe_hold NAME: `hold` where apt must leave the package alone.
observe_hold() {
  dpkg-query -W -f '${db:Status-Want}\n' -- "$1" 2>/dev/null || echo missing
}

remember_hold() { remember hold "$1" "$(observe_hold "$1")"; }

restore_hold() {
  local name was
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$was" = hold ] || [ "$(observe_hold "$name")" != hold ] || quietly apt-mark unhold "$name"
  done 3< <(entries hold)
}
