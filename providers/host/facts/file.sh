# observe_file PATH: SHA-256 and mode, as in `<64 hex digits> 644`; `missing`.
observe_file() {
  [ -f "$1" ] || {
    echo missing
    return 0
  }
  local sum
  sum=$(sha256sum <"$1")
  printf '%s %s\n' "${sum%% *}" "$(stat -c %a -- "$1")"
}

# remember_folders PATH...: those of the folders, and of the folders above them, that are not there yet.
remember_folders() {
  local path above missing
  for path; do
    above=$path missing=()
    while [ -n "$above" ] && [ ! -e "$above" ]; do
      missing=("$above" "${missing[@]}")
      above=${above%/*}
    done
    for above in "${missing[@]}"; do remember folder "$above" absent; done
  done
}

# remember_data PATH...: those of the folders of a runtime's data that are not there yet.
remember_data() {
  local path
  for path; do
    [ -e "$path" ] || remember data "$path" absent
  done
}

# copy_as_is FROM TO: a file or a link. uutils' cp gives what the copy of a link leads to the link's own mode.
copy_as_is() {
  if [ -L "$1" ]; then
    ln -sfT -- "$(readlink -- "$1")" "$2"
    chown -h "$(stat -c %u:%g -- "$1")" -- "$2"
  else
    cp -aT -- "$1" "$2"
  fi
}

# remember_file PATH: a file, link or its absence. Our own folders and what is in memory are left out.
remember_file() {
  case $1 in "${before%/*}"/* | /run/*) return 0 ;; esac
  ! remembered file "$1" || return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    install -d -m 700 -- "$before"
    mkdir -p -- "$before/files${1%/*}"
    copy_as_is "$1" "$before/files$1.new"
    [ -L "$1" ] || sync -- "$before/files$1.new"
    mv -fT -- "$before/files$1.new" "$before/files$1"
    remember file "$1" kept
  else
    remember_folders "${1%/*}"
    remember file "$1" absent
  fi
}

# remember_wrote PATH NEW: what will be at the path, from a file that has it already.
remember_wrote() {
  local kind key value new
  case $1 in "${before%/*}"/* | /run/*) return 0 ;; esac
  new=$(observe_file "$2")
  while IFS=$'\t' read -r kind key value; do
    [ "$kind" != wrote ] || [ "$key" != "$1" ] || [ "$value" != "$new" ] || return 0
  done <"$before/journal"
  note_before wrote "$1" "$new"
}

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

same_file() {
  if [ -L "$1" ] || [ -L "$2" ]; then
    [ "$(readlink -- "$1" || true)" = "$(readlink -- "$2" || true)" ]
  else
    [ -f "$1" ] && [ -f "$2" ] && [ "$(observe_file "$1")" = "$(observe_file "$2")" ]
  fi
}

is_ours() {
  local path digest sum
  [ ! -L "$1" ] || return 1
  sum=$(observe_file "$1")
  while IFS=$'\t' read -r -u 4 path digest; do
    [ "$path" != "$1" ] || [ "$digest" != "$sum" ] || return 0
  done 4< <(entries wrote)
  # As its package brought it.
  dpkg-query -W -f '${Conffiles}\n' 2>/dev/null | grep -qF " $1 $(md5sum <"$1" | cut -d ' ' -f 1)"
}

copy_whole() {
  mkdir -p -- "${2%/*}"
  copy_as_is "$1" "$2.homelab-new"
  mv -fT -- "$2.homelab-new" "$2"
}

# Files that others changed after us are noted first: the removal of a package would take its configuration along.
prepare_restore_file() {
  local path was
  while IFS=$'\t' read -r -u 3 path was; do
    case ${path##*/} in *homelab*) continue ;; esac
    is_there "$path" || continue
    ! remembered theirs "$path" || continue
    if [ "$was" = kept ] && same_file "$path" "$before/files$path"; then continue; fi
    ! is_ours "$path" || continue
    copy_whole "$path" "$before/theirs$path"
    remember theirs "$path" kept
  done 3< <(entries file)
}

restore_file() {
  restore_files
  restore_data
  restore_folders
}

restore_files() {
  local path was
  while IFS=$'\t' read -r -u 3 path was; do
    rm -f -- "$path.homelab-new"
    if remembered theirs "$path"; then
      is_there "$path" || copy_whole "$before/theirs$path" "$path"
      if [ "$was" = kept ] && is_there "$before/files$path"; then copy_whole "$before/files$path" "$path.before-homelab"; fi
      kept "$path: it was changed after us$([ "$was" = absent ] || echo "; as it was before: $path.before-homelab")"
    elif [ "$was" = absent ]; then
      rm -f -- "$path"
    elif is_there "$before/files$path" && ! same_file "$path" "$before/files$path"; then
      copy_whole "$before/files$path" "$path"
    fi
  done 3< <(entries file)
}

# What a runtime keeps. Nothing is deleted across file systems.
restore_data() {
  local path
  while IFS=$'\t' read -r -u 3 path _; do
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
}

restore_folders() {
  local path
  while IFS=$'\t' read -r -u 3 path _; do
    [ -d "$path" ] || continue
    # Empty folders in it are what kubeadm or a daemon left of its own.
    find "$path" -xdev -depth -type d -empty -delete 2>/dev/null || true
    [ ! -d "$path" ] || kept "$path: there are files in it that are not ours"
  done 3< <(entries folder | tac)
}
