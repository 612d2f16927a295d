# observe_package NAME: the version of an installed package; `missing`.
observe_package() {
  local state
  state=$(dpkg-query -W -f '${db:Status-Status} ${Version}' -- "$1" 2>/dev/null) || state=missing
  case $state in "installed "*) echo "${state#installed }" ;; *) echo missing ;; esac
}

# remember_packages PLAN: what an installation will change by the plan of `apt-get -s`.
remember_packages() {
  local action name version
  while read -r action name version _; do
    case $version in "["*) version=${version#[} version=${version%]} ;; *) version='' ;; esac
    case $action in
      Inst) if [ -n "$version" ]; then remember version "$name" "$version"; else remember package "$name" "$(package_traces "$name")"; fi ;;
      Remv) remember removed "$name" "${version:-unknown}" ;;
    esac
  done <<<"$1"
}

package_traces() {
  case $(dpkg-query -W -f '${db:Status-Status}' -- "$1" 2>/dev/null || true) in config-files) echo config-files ;; *) echo absent ;; esac
}

prepare_restore_package() {
  finish_dpkg
}

restore_package() {
  local name was state purge=() remove=()
  while IFS=$'\t' read -r -u 3 name was; do
    state=$(dpkg-query -W -f '${db:Status-Status}' -- "$name" 2>/dev/null || true)
    case $was:$state in
      *: | *:not-installed | config-files:config-files) ;;
      config-files:*) remove+=("$name") ;;
      *) purge+=("$name") ;;
    esac
  done 3< <(entries package)
  # dpkg, unlike apt, takes nothing else along: what another package needs stays.
  [ "${#remove[@]}" -eq 0 ] || dpkg --remove -- "${remove[@]}" >/dev/null 2>&1 || true
  [ "${#purge[@]}" -eq 0 ] || dpkg --purge -- "${purge[@]}" >/dev/null 2>&1 || true
  for name in "${remove[@]}" "${purge[@]}"; do
    [ "$(observe_package "$name")" = missing ] || kept "the package $name: other packages need it"
  done
  while IFS=$'\t' read -r -u 3 name was; do
    state=$(observe_package "$name")
    [ "$state" = "$was" ] || kept "the package $name at $state; it was at $was before"
  done 3< <(entries version)
  while IFS=$'\t' read -r -u 3 name was; do
    [ "$(observe_package "$name")" != missing ] || kept "no package $name; $was was there before another one took its place"
  done 3< <(entries removed)
}
