import { SWAP_OFF } from "../../host/shell/before";

/**
 * Shell functions that put back what the journal of `providers/host/shell/before.ts` remembers. Files that somebody else changed after us are
 * noted first (`keep_theirs`): the removal of a package would take its configuration along.
 */
export const FILES_BACK = `entries() {
  [ ! -e "$before/journal" ] || awk -F '\\t' -v kind="$1" -v OFS='\\t' '$1 == kind { print $2, $3 }' "$before/journal"
}
kept() { printf 'kept %s\\n' "$1"; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
same_file() {
  if [ -L "$1" ] || [ -L "$2" ]; then
    [ "$(readlink -- "$1" || true)" = "$(readlink -- "$2" || true)" ]
  else
    [ -f "$1" ] && [ -f "$2" ] && [ "$(digest "$1")" = "$(digest "$2")" ]
  fi
}
is_ours() {
  local path digest sum
  [ ! -L "$1" ] || return 1
  sum=$(digest "$1")
  while IFS=$'\\t' read -r -u 4 path digest; do
    [ "$path" != "$1" ] || [ "$digest" != "$sum" ] || return 0
  done 4< <(entries wrote)
  # As its package brought it.
  dpkg-query -W -f '\${Conffiles}\\n' 2>/dev/null | grep -qF " $1 $(md5sum <"$1" | cut -d ' ' -f 1)"
}
copy_whole() {
  mkdir -p -- "\${2%/*}"
  cp -aT -- "$1" "$2.homelab-new"
  mv -fT -- "$2.homelab-new" "$2"
}
keep_theirs() {
  local path was
  # Lines that the swap step switched off are switched on again whatever else was changed there.
  [ ! -f /etc/fstab ] || ! grep -q '^${SWAP_OFF}' /etc/fstab || sed -i 's/^${SWAP_OFF}//' /etc/fstab
  while IFS=$'\\t' read -r -u 3 path was; do
    case \${path##*/} in *homelab*) continue ;; esac
    is_there "$path" || continue
    ! remembered theirs "$path" || continue
    if [ "$was" = kept ] && same_file "$path" "$before/files$path"; then continue; fi
    ! is_ours "$path" || continue
    copy_whole "$path" "$before/theirs$path"
    remember theirs "$path" kept
  done 3< <(entries file)
}
files_back() {
  local path was
  while IFS=$'\\t' read -r -u 3 path was; do
    rm -f -- "$path.homelab-new"
    if remembered theirs "$path"; then
      is_there "$path" || copy_whole "$before/theirs$path" "$path"
      if [ "$was" = kept ] && is_there "$before/files$path"; then copy_whole "$before/files$path" "$path.before-homelab"; fi
      kept "$path: somebody changed it after us$([ "$was" = absent ] || echo "; as it was before: $path.before-homelab")"
    elif [ "$was" = absent ]; then
      rm -f -- "$path"
    elif is_there "$before/files$path" && ! same_file "$path" "$before/files$path"; then
      copy_whole "$before/files$path" "$path"
    fi
  done 3< <(entries file)
}
folders_back() {
  local path
  while IFS=$'\\t' read -r -u 3 path _; do
    case $path in
      */containerd)
        if [ -n "$(command -v containerd)" ]; then
          kept "$path: containerd is still installed"
          continue
        fi
        ;;
    esac
    unmount_below "$path"
    rm -rf --one-file-system -- "$path"
  done 3< <(entries data)
  while IFS=$'\\t' read -r -u 3 path _; do
    [ -d "$path" ] || continue
    # Empty folders in it are what kubeadm or a daemon left of its own.
    find "$path" -xdev -depth -type d -empty -delete 2>/dev/null || true
    [ ! -d "$path" ] || kept "$path: there are files in it that are not ours"
  done 3< <(entries folder | tac)
}`;

export const PACKAGES_BACK = `packages_back() {
  local name was state purge=() remove=()
  await_dpkg
  [ -z "$(dpkg --audit)" ] || quietly dpkg --force-confold --configure -a
  while IFS=$'\\t' read -r -u 3 name was; do
    [ "$was" = hold ] || [ "$(package_hold "$name")" != hold ] || quietly apt-mark unhold "$name"
  done 3< <(entries hold)
  while IFS=$'\\t' read -r -u 3 name was; do
    state=$(dpkg-query -W -f '\${db:Status-Status}' -- "$name" 2>/dev/null || true)
    case $was:$state in
      *: | *:not-installed | config-files:config-files) ;;
      config-files:*) remove+=("$name") ;;
      *) purge+=("$name") ;;
    esac
  done 3< <(entries package)
  # dpkg, unlike apt, takes nothing else along: what another package needs stays.
  [ "\${#remove[@]}" -eq 0 ] || dpkg --remove -- "\${remove[@]}" >/dev/null 2>&1 || true
  [ "\${#purge[@]}" -eq 0 ] || dpkg --purge -- "\${purge[@]}" >/dev/null 2>&1 || true
  for name in "\${remove[@]}" "\${purge[@]}"; do
    [ "$(package_version "$name")" = missing ] || kept "the package $name: other packages need it"
  done
  while IFS=$'\\t' read -r -u 3 name was; do
    state=$(package_version "$name")
    [ "$state" = "$was" ] || kept "the package $name at $state; it was at $was before"
  done 3< <(entries version)
  while IFS=$'\\t' read -r -u 3 name was; do
    [ "$(package_version "$name")" != missing ] || kept "no package $name; $was was there before another one took its place"
  done 3< <(entries removed)
}`;

export const UNITS_BACK = `units_off() {
  local unit enabled active
  while IFS=$'\\t ' read -r -u 3 unit enabled active; do
    case $enabled:$(unit_enabled "$unit") in
      disabled:enabled | not-found:enabled) systemctl --quiet disable -- "$unit" 2>/dev/null || true ;;
    esac
    [ "$active" = active ] || systemctl stop -- "$unit" 2>/dev/null || true
  done 3< <(entries unit)
}
units_back() {
  local unit enabled active
  systemctl daemon-reload
  while IFS=$'\\t ' read -r -u 3 unit enabled active; do
    case $enabled:$(unit_enabled "$unit") in
      masked:masked) ;;
      masked:*) systemctl --quiet mask -- "$unit" 2>/dev/null || true ;;
      *:masked) systemctl --quiet unmask -- "$unit" 2>/dev/null || true ;;
    esac
    case $enabled:$(unit_enabled "$unit") in
      enabled:disabled) systemctl --quiet enable -- "$unit" 2>/dev/null || kept "$unit: it can't be enabled" ;;
    esac
    [ "$active" != active ] || [ "$(unit_active "$unit")" = active ] || systemctl start -- "$unit" 2>/dev/null || kept "$unit: it does not start"
  done 3< <(entries unit)
  # The containers of others go on meanwhile: their shims hold them.
  [ "$(unit_active containerd.service)" != active ] || systemctl restart containerd.service || kept "containerd: it does not start"
}
kernel_back() {
  local name was
  while IFS=$'\\t' read -r -u 3 name _; do
    case " $(swap_active) " in *" $name "*) ;; *) swapon -- "$name" 2>/dev/null || kept "swap off: $name can't be switched on" ;; esac
  done 3< <(entries swap)
  while IFS=$'\\t' read -r -u 3 name was; do
    [ "$(sysctl_value "$name")" = "$was" ] || sysctl -qw "$name=$was" 2>/dev/null || kept "the sysctl $name at $(sysctl_value "$name"); it was $was before"
  done 3< <(entries sysctl)
  # One that is in use stays until the next boot.
  while IFS=$'\\t' read -r -u 3 name _; do modprobe -r -- "$name" 2>/dev/null || true; done 3< <(entries module)
}`;
