# shellcheck shell=bash
# What apt would do with the packages that the steps install, asked in simulation. Lists are words in one line:
# - aptHolder: the process that holds a lock of apt or dpkg; what dpkg shows meanwhile may change
# - aptUnreadable NUMBER: a file of sources that apt can't read, with apt's reason
# - aptSource NAME: FILE|REASON: another list has the repository, and can't be used in the place of ours
# - aptLosses: removed|NAME|VERSION, downgraded|NAME|VERSION|NEW
# - aptProblem: why apt can install nothing

apt_view=/run/homelab-sources-inspection
apt_items=()

# apt_wanted NAME URL FINGERPRINT SUITE ITEM...: an item is `NAME VERSION [REPLACED PACKAGE]…`.
apt_wanted() {
  local line
  line=$(on_this_system "$2$4")
  ! foreign_source "$line" "$3" "/etc/apt/sources.list.d/homelab-$1.list" || [ -z "$foreign_problem" ] \
    || say fact "aptSource $1" "$foreign_file|$foreign_problem"
  apt_items+=("${@:5}")
}

apt_facts() {
  local number
  say fact aptHolder "$(apt_holder)"
  wanted_of_apt
  choose_sources
  for number in "${!unreadable[@]}"; do say fact "aptUnreadable $number" "${unreadable[number]}"; done
  apt_plan
  rm -rf -- "$apt_view"
}

apt_plan() {
  local item name version replaces known offered planned arguments=()
  known=$(apt-cache "${apt_options[@]}" madison "${apt_items[@]%% *}" 2>/dev/null)
  for item in "${apt_items[@]}"; do
    read -r name version replaces <<<"$item"
    ! is_version "$(observe_package "$name")" "$version" || continue
    offered=$(offered_version "$name=$version" <<<"$known")
    if [ -n "$offered" ]; then arguments+=("$name=$offered"); else arguments+=("$(stand_in "$name" "$version" "$replaces")"); fi
  done
  [ "${#arguments[@]}" -gt 0 ] || return 0
  planned=$(apt-get -qq -s -o Debug::NoLocking=1 "${apt_options[@]}" install --no-install-recommends --allow-downgrades --allow-change-held-packages "${arguments[@]}" 2>&1) || {
    say fact aptProblem "$(sed -n 's/^E: //p' <<<"$planned" | head -n 1)"
    return 0
  }
  say fact aptLosses "$(losses "$planned" | tr ' \n' '| ')"
}

# stand_in NAME VERSION REPLACES: where apt's lists don't have the package yet: an empty one with what decides which packages it
# can't be installed beside. Prints its path.
stand_in() {
  local folder=$apt_view/packages/$1 relation
  mkdir -p -- "$folder/DEBIAN"
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: homelab\nDescription: none\n' "$1" "$2" "$(dpkg --print-architecture)"
    [ -z "$3" ] || for relation in Provides Conflicts Replaces; do printf '%s: %s\n' "$relation" "${3// /, }"; done
  } >"$folder/DEBIAN/control"
  dpkg-deb --build "$folder" "$folder.deb" >/dev/null 2>&1
  echo "$folder.deb"
}
