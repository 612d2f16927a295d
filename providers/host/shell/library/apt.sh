# apt: its locks, exact versions, and no package lost that isn't ours.

# lock_holder FILE: prints the process that holds a POSIX lock (as apt takes them) on the file, as in `812 (apt-get)`; fails
# where none does. Reads the kernel's own list: fuser and lsof may be missing.
lock_holder() {
  local kind pid fd
  while read -r _ kind _ _ pid _; do
    [ "$kind" = POSIX ] || continue
    for fd in /proc/"$pid"/fd/*; do
      if [ "$fd" -ef "$1" ]; then
        printf '%s (%s)\n' "$pid" "$(cat "/proc/$pid/comm")"
        return 0
      fi
    done
  done </proc/locks
  return 1
}

apt_locks=(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock)

# apt_holder: the first process that holds one of the locks of apt and dpkg; fails where none does.
apt_holder() {
  local file
  for file in "${apt_locks[@]}"; do
    ! lock_holder "$file" || return 0
  done
  return 1
}

# await_dpkg: waits until the locks of apt and dpkg are free.
await_dpkg() {
  local file holder waited=0
  for file in "${apt_locks[@]}"; do
    while holder=$(lock_holder "$file"); do
      [ "$waited" -lt "$lock_seconds" ] || die "$file is still held by process $holder after $waited s" "let it end or stop it, then run pulumi up again"
      sleep 2
      waited=$((waited + 2))
    done
  done
}

# finish_dpkg: ends what an interrupted installation has left half done. What another process is at work on is half done too:
# it is waited for first, also where it starts between.
finish_dpkg() {
  local log=/run/homelab.log
  for _ in 1 2 3; do
    await_dpkg
    [ -n "$(dpkg --audit)" ] || return 0
    ! dpkg --force-confold --configure -a >"$log" 2>&1 || return 0
    grep -q 'lock' "$log" || break
  done
  tail -n 20 "$log" >&2
  die "'dpkg --configure -a' can't finish what was interrupted on this host" "its last lines are above; fix that and run pulumi up again"
}

is_accepted() { case " ${accepted-} " in *" $1 "*) ;; *) return 1 ;; esac }

# apt_install ARGUMENT...: apt-get install, when its locks are free. Where it would remove or downgrade what isn't ours, only with
# the user's consent. What changes is remembered first; the packages' own files are not kept in apt's cache.
apt_install() {
  local planned removes=(--no-remove)
  await_dpkg
  # Where the plan can't be made, the real run fails too, and says why.
  planned=$(apt-get -qq -s -o Debug::NoLocking=1 "${apt_options[@]}" install --no-install-recommends "$@" 2>/dev/null) || planned=
  refuse_losses "$planned"
  remember_packages "$planned"
  ! is_accepted docker-removed || removes=()
  quietly apt-get -qq -y -o APT::Keep-Downloaded-Packages=false -o DPkg::Lock::Timeout="$lock_seconds" -o Dpkg::Options::=--force-confold "${apt_options[@]}" install --no-install-recommends "${removes[@]}" "$@"
}

# losses PLAN: of a plan of `apt-get -s`, what is lost, as `removed NAME VERSION` or `downgraded NAME VERSION NEW`. Without the
# packages that this program brought to the host, or changed once before.
losses() {
  local action name version new
  while read -r action name version new _; do
    case $version in "["*) ;; *) continue ;; esac
    version=${version#[} version=${version%]} new=${new#(}
    if remembered package "$name" || remembered version "$name"; then continue; fi
    case $action in
      Remv) echo "removed $name $version" ;;
      Inst) ! dpkg --compare-versions "$version" gt "$new" || echo "downgraded $name $version $new" ;;
    esac
  done <<<"$1"
}

refuse_losses() {
  local lost
  lost=$(losses "$1" | awk '$1 == "removed" { printf "%s%s %s", n++ ? ", " : "", $2, $3 }')
  [ -z "$lost" ] || is_accepted docker-removed \
    || die "apt would remove $lost; nothing was installed" "remove that yourself, or accept it: preflight.accept: [docker-removed] in the settings"
  lost=$(losses "$1" | awk '$1 == "downgraded" { printf "%s%s from %s to %s", n++ ? ", " : "", $2, $3, $4 }')
  [ -z "$lost" ] || is_accepted package-downgraded \
    || die "apt would downgrade $lost; nothing was installed" "remove that yourself, or accept it: preflight.accept: [package-downgraded] in the settings"
}

# install_missing NAME...: installs those of the distribution's packages that are missing.
install_missing() {
  local name missing=()
  for name; do
    [ "$(observe_package "$name")" != missing ] || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  finish_dpkg
  choose_sources
  fetch_lists
  apt_install -- "${missing[@]}"
  echo "installed ${missing[*]}"
}

# apt_packages NAME=VERSION...: installs exactly these versions from the repository that apt_repository saw to, and holds
# them. A version may have a suffix of the distribution there (2.2.3-1~debian.12~bookworm). Touches the network only where one
# differs.
apt_packages() {
  local item name version offered differing=() exact=()
  for item; do
    is_version "$(observe_package "${item%%=*}")" "${item#*=}" || differing+=("$item")
  done
  if [ "${#differing[@]}" -gt 0 ]; then
    finish_dpkg
    choose_sources
    fetch_source "$apt_source"
    offered=$(apt-cache "${apt_options[@]}" madison "${differing[@]%%=*}")
    for item in "${differing[@]}"; do
      name=${item%%=*}
      version=$(offered_version "$item" <<<"$offered")
      [ -n "$version" ] || die "$apt_source offers no $name ${item#*=}" "it offers: $(awk -v name="$name" '$1 == name { printf "%s ", $3 }' <<<"$offered")"
      exact+=("$name=$version")
    done
    apt_install --allow-change-held-packages --allow-downgrades -- "${exact[@]}"
    echo "installed ${exact[*]}"
  fi
  for item; do
    [ "$(observe_hold "${item%%=*}")" != hold ] || continue
    remember_hold "${item%%=*}"
    set_hold "${item%%=*}" hold
  done
}

# is_version FOUND WANTED: whether a package's version is the wanted one, with or without a distribution's suffix.
is_version() { case $1 in "$2" | "$2~"*) ;; *) return 1 ;; esac }

# offered_version NAME=VERSION <MADISON: the version with its suffix, from what `apt-cache madison` prints; empty where it isn't there.
offered_version() {
  awk -v name="${1%%=*}" -v want="${1#*=}" '$1 == name && ($3 == want || index($3, want "~") == 1) { print $3; exit }'
}
