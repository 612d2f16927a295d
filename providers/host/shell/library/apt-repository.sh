# Repositories of others: their keys, the lists that a host has of them already, and lists of ours that never break apt.

# foreign_source LINE FINGERPRINT WITHOUT: whether another list than WITHOUT, which is ours, has the repository of a line
# `URL SUITE …`, with options that ours can't have beside it. Then foreign_file is its file, and foreign_problem why it can't be
# used in the place of ours; empty where its key is the pinned one. Chooses the sources without ours.
foreign_source() {
  local said source part
  choose_sources "$3"
  # Under the name of ours: what apt accepts depends on the order of the files.
  part=$(view_part "$3")
  echo "deb [signed-by=/homelab] $1" >"$part"
  said=$(sources_problem)
  rm -f -- "$part"
  [ -n "$said" ] || return 1
  foreign_file='' foreign_problem=$said
  case $said in *"regarding source "*) ;; *) return 0 ;; esac
  # As apt writes the URL and the suite.
  source=${said#*regarding source }
  source=${source%%: *}
  # shellcheck disable=SC2016 # apt fills them in
  foreign_file=$(apt-get "${apt_options[@]}" indextargets --no-release-info --format '$(REPO_URI) /$(RELEASE) $(SOURCESENTRY)' \
    | awk -v url="${source% *}" -v suite="/${source##*[ /]}" '$1 == url && $2 == suite { sub(/:[0-9]+$/, "", $3); print $3; exit }')
  foreign_file=$(source_file "$foreign_file")
  case $said in *"option Signed-By "*) ;; *) return 0 ;; esac
  said=${said#*option Signed-By regarding source *: }
  # THEIRS != OURS, or the other way round.
  case $said in "/homelab != "*) said=${said#/homelab != } ;; *) said=${said%% != *} ;; esac
  [ -z "$said" ] || said=$(signed_by_fingerprints "$said")
  foreign_problem=
  [ "$said" = "$2" ] || foreign_problem="its key is ${said:-not named, or none of OpenPGP}, the pinned one is $2"
}

# signed_by_fingerprints VALUE: of what a source has as Signed-By: files of keys, a key itself, or fingerprints.
signed_by_fingerprints() {
  local file
  case $1 in
    *-----BEGIN*) key_fingerprints <<<"$1" ;;
    /*) for file in ${1//,/ }; do key_fingerprints <"$file" || echo "($file can't be read)"; done ;;
    *) tr -d '! ' <<<"$1" | tr ',' '\n' ;;
  esac 2>/dev/null | paste -sd ' '
}

# key_fingerprints <KEYS: the fingerprints of the primary OpenPGP keys, one a line. For a host without gpg: a fingerprint of
# version 4 is the SHA-1 of the key's packet (RFC 4880, 12.2).
key_fingerprints() {
  perl -0777 -ne '
    if (/-----BEGIN PGP PUBLIC KEY BLOCK-----/) {
      my $binary = "";
      for my $block (/-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END/gs) {
        # Headers have a colon; the checksum begins with an equals sign.
        my $text = join "", grep { !/:/ && !/^\s*=/ } split /\n/, $block;
        $text =~ tr{A-Za-z0-9+/}{}cd;
        $text =~ tr{A-Za-z0-9+/}{ -_};
        $binary .= unpack "u", chr(32 + int(length($1) * 3 / 4)) . $1 while $text =~ /(.{1,60})/g;
      }
      $_ = $binary;
    }
    while (length) {
      my $tag = ord substr $_, 0, 1, "";
      my ($kind, $length) = ($tag >> 2 & 15, 0);
      if ($tag & 64) {
        $kind = $tag & 63;
        $length = ord substr $_, 0, 1, "";
        if ($length == 255) { $length = unpack "N", substr $_, 0, 4, "" }
        elsif ($length > 191) { $length = ($length - 192 << 8) + ord(substr $_, 0, 1, "") + 192 }
      } else {
        last if ($tag & 3) == 3;
        my $bytes = 1 << ($tag & 3);
        $length = hex unpack "H*", substr $_, 0, $bytes, "";
      }
      my $packet = substr $_, 0, $length, "";
      next unless $kind == 6;
      open my $sum, "|-", "sha1sum | cut -c -40 | tr a-f A-F" or die;
      print $sum "\x99", pack("n", length $packet), $packet;
      close $sum;
    }'
}

# apt_repository NAME URL KEY FINGERPRINT SUITE: sees to it that apt has the repository with the pinned key, and sets
# apt_source, the file that names it. Where another list has it, with that key, it is used as it is. KEY is the key's
# path under the URL, SUITE what follows the URL in the list. {distribution} and {codename} in each become those of the host.
# The list is written when apt has read it with all the others, and fetched what it names: no list of ours breaks apt.
apt_repository() {
  local list=/etc/apt/sources.list.d/homelab-$1.list keyring=/etc/apt/keyrings/homelab-$1.gpg line url problem text
  url=$(on_this_system "$2")
  line=$url$(on_this_system "$5")
  if foreign_source "$line" "$4" "$list"; then
    [ -z "$foreign_problem" ] || die "$foreign_file has $url too, but $foreign_problem" "nothing was installed. Remove it from that file: this program writes a list of its own; or, if that key is right, set its fingerprint in homelab:mirrors (apt)"
    # Ours, of a run before it came: apt reads nothing while both are there.
    remove_file "$list"
    remove_file "$keyring"
    apt_source=$foreign_file
    return 0
  fi
  apt_key "$url/$(on_this_system "$3")" "$4" "$keyring"
  text="deb [arch=$(dpkg --print-architecture) signed-by=$keyring] $line"
  apt_source=$(view_part "$list")
  echo "$text" >"$apt_source"
  if [ "$(cat -- "$list" 2>/dev/null)" != "$text" ]; then
    problem=$(sources_problem)
    [ -z "$problem" ] || die "apt could not read its sources with $list, which is left out: $problem" "nothing was installed; see that file, and the one that is named"
    fetch_source "$apt_source"
    echo "$text" | write_file "$list" 644
  fi
  apt_source=$list
}

# on_this_system TEXT: with {distribution} and {codename} filled in.
on_this_system() {
  local text=${1//'{distribution}'/$(os_release ID)}
  echo "${text//'{codename}'/$(os_release VERSION_CODENAME)}"
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
