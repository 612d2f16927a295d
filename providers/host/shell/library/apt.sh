# apt: its locks, its keys, exact versions.

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

# await_dpkg: waits until the locks of apt and dpkg are free.
await_dpkg() {
  local file holder waited=0
  for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    while holder=$(lock_holder "$file"); do
      [ "$waited" -lt "$lock_seconds" ] || die "$file is still held by process $holder after $waited s" "let it end or stop it, then run pulumi up again"
      sleep 2
      waited=$((waited + 2))
    done
  done
}

# apt ARGUMENT...: apt-get, when its locks are free. What an installation changes is remembered first; the packages' own
# files are not kept in apt's cache.
apt() {
  await_dpkg
  [ "$1" != install ] || remember_packages "$@"
  quietly apt-get -qq -y -o APT::Keep-Downloaded-Packages=false -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confold "$@"
}

# finish_dpkg: ends what an interrupted installation has left half done.
finish_dpkg() {
  [ -z "$(dpkg --audit)" ] || quietly dpkg --force-confold --configure -a
}

# install_missing NAME...: installs those of the distribution's packages that are missing.
install_missing() {
  local name missing=()
  for name; do
    [ "$(observe_package "$name")" != missing ] || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  finish_dpkg
  apt update
  apt install --no-install-recommends -- "${missing[@]}"
  echo "installed ${missing[*]}"
}

# apt_repository NAME URL KEY FINGERPRINT SUITE: sees to it that the key is the pinned one and the source list is there.
# KEY is the key's path under the URL, SUITE what follows the URL in the list. {distribution} and {codename} in each become
# those of the host.
apt_repository() {
  local distribution codename words=() word keyring=/etc/apt/keyrings/homelab-$1.gpg
  distribution=$(os_release ID)
  codename=$(os_release VERSION_CODENAME)
  for word; do
    word=${word//'{distribution}'/$distribution}
    words+=("${word//'{codename}'/$codename}")
  done
  apt_key "${words[1]}/${words[2]}" "$4" "$keyring"
  echo "deb [arch=$(dpkg --print-architecture) signed-by=$keyring] ${words[1]}${words[4]}" \
    | write_file "/etc/apt/sources.list.d/homelab-$1.list" 644
}

# apt_key URL FINGERPRINT KEYRING: sees to it that the keyring holds exactly the key with this fingerprint. A key that is
# there and has not expired is not fetched again.
fingerprints() {
  gpg --homedir "$work" --batch --show-keys --with-colons "$1" 2>/dev/null | awk -F: '
    $1 == "pub" { primary = 1; state = $2 == "e" ? " (expired)" : "" }
    $1 == "fpr" && primary { printf "%s%s%s", found++ ? ", " : "", $10, state; primary = 0 }' || true
}
apt_key() {
  local work=/run/homelab-key seen
  rm -rf -- "$work"
  mkdir -m 700 "$work"
  if [ "$(fingerprints "$3")" != "$2" ]; then
    quietly curl -fsSL --retry 3 --retry-all-errors --connect-timeout 15 --max-time 120 -o "$work/key" -- "$1"
    seen=$(fingerprints "$work/key")
    [ "$seen" = "$2" ] || {
      rm -rf -- "$work"
      die "the key at $1 has the fingerprint ${seen:-(none: it is no OpenPGP key)}, the pinned one is $2" "nothing was installed. Compare both with what the publisher says; if its key was replaced, set the new fingerprint in homelab:mirrors (apt)"
    }
    if grep -q '^-----BEGIN' "$work/key"; then gpg --homedir "$work" --batch --dearmor <"$work/key" >"$work/ring"; else cp "$work/key" "$work/ring"; fi
    write_file "$3" 644 <"$work/ring"
  fi
  rm -rf -- "$work"
}

# apt_packages REPOSITORY NAME=VERSION...: installs exactly these versions from one repository and holds them. A version may
# have a suffix of the distribution there (2.2.3-1~debian.12~bookworm). Touches the network only where one differs.
apt_packages() {
  local source=/etc/apt/sources.list.d/homelab-$1.list item name version differing=() exact=()
  shift
  for item; do
    case $(observe_package "${item%%=*}") in "${item#*=}" | "${item#*=}~"*) ;; *) differing+=("$item") ;; esac
  done
  if [ "${#differing[@]}" -gt 0 ]; then
    finish_dpkg
    apt update -o Dir::Etc::sourcelist="$source" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
    for item in "${differing[@]}"; do
      name=${item%%=*}
      version=$(apt-cache madison "$name" | awk -v want="${item#*=}" '$3 == want || index($3, want "~") == 1 { print $3; exit }')
      [ -n "$version" ] || die "$source offers no $name ${item#*=}" "it offers: $(apt-cache madison "$name" | awk '{ printf "%s ", $3 }')"
      exact+=("$name=$version")
    done
    apt install --no-install-recommends --allow-change-held-packages --allow-downgrades -- "${exact[@]}"
    echo "installed ${exact[*]}"
  fi
  for item; do
    [ "$(observe_hold "${item%%=*}")" != hold ] || continue
    remember_hold "${item%%=*}"
    quietly apt-mark hold "${item%%=*}"
  done
}
