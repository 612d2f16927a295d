#!/bin/bash
# Makes small apt repositories as others publish them, of packages without programs but with the real names and relations:
# debian, docker (as download.docker.com), kubernetes (as pkgs.k8s.io, flat) and tailscale (as pkgs.tailscale.com), each signed by a key
# of its own. Arguments: an empty folder, the release's codename, and packages `REPOSITORY/NAME=VERSION`, with `;FIELD: VALUE` for
# each further field. Prints `REPOSITORY FINGERPRINT` for each.
set -euo pipefail
folder=$1 codename=$2
shift 2
export GNUPGHOME=$folder/gpg LC_ALL=C
mkdir -p "$GNUPGHOME"
trap 'gpgconf --kill all' EXIT
chmod 700 "$GNUPGHOME"
architecture=$(dpkg --print-architecture)

pack() {
  local tree=$folder/tree name=$1 version=$2 fields=$3
  rm -rf "$tree"
  mkdir -p "$tree/DEBIAN"
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: homelab <tests@localhost>\n' "$name" "$version" "$architecture"
    [ -z "$fields" ] || tr ';' '\n' <<<"$fields"
    printf 'Description: %s\n' "$name of the tests"
  } >"$tree/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip --build "$tree" "$4/${name}_${version//:/_}_$architecture.deb" >/dev/null
}

for repository in docker kubernetes tailscale debian; do
  root=$folder/$repository
  case $repository in
    docker) at=dists/$codename/stable/binary-$architecture release=dists/$codename key=gpg component=stable ;;
    kubernetes) at=. release=. key=Release.key component= ;;
    debian) at=. release=. key=key component= ;;
    tailscale) at=dists/$codename/main/binary-$architecture release=dists/$codename key=$codename.noarmor.gpg component=main ;;
  esac
  mkdir -p "$root/$at" "$root/pool"
  for package; do
    [ "${package%%/*}" = "$repository" ] || continue
    package=${package#*/}
    fields=${package#*;}
    [ "$fields" != "$package" ] || fields=
    package=${package%%;*}
    pack "${package%%=*}" "${package#*=}" "$fields" "$root/pool"
  done
  for deb in "$root"/pool/*.deb; do
    [ -f "$deb" ] || continue
    dpkg-deb --field "$deb"
    printf 'Filename: pool/%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d ' ' -f 1)"
  done >"$root/$at/Packages"
  index=${at#"$release"/}/Packages
  [ "$at" != . ] || index=Packages
  {
    printf 'Origin: %s\nDate: %s\nArchitectures: %s\n' "$repository" "$(date -uR -d '1 hour ago')" "$architecture"
    [ -z "$component" ] || printf 'Suite: %s\nCodename: %s\nComponents: %s\n' "$codename" "$codename" "$component"
    printf 'SHA256:\n %s %s %s\n' "$(sha256sum <"$root/$at/Packages" | cut -d ' ' -f 1)" "$(stat -c %s "$root/$at/Packages")" "$index"
  } >"$root/$release/Release"
  gpg --batch --quiet --passphrase '' --quick-gen-key "$repository" rsa2048 sign never 2>/dev/null
  gpg --batch --yes --quiet --local-user "$repository" --clearsign --output "$root/$release/InRelease" "$root/$release/Release"
  if [ "$repository" = tailscale ]; then
    gpg --export "$repository" >"$root/$key"
  else
    gpg --armor --export "$repository" >"$root/$key"
  fi
  echo "$repository $(gpg --list-keys --with-colons "$repository" 2>/dev/null | awk -F: '$1 == "fpr" { print $10; exit }')"
done
