# observe_containerd TABLE/NAME: a value in effect in containerd's configuration, all without quotes; `missing`.
observe_containerd() {
  [ -n "${containerd_dump-}" ] || cache_containerd
  awk -v table="${1%/*}" -v name="${1##*/}" '
    BEGIN { here = table == "" }
    { gsub(/["\047]/, ""); sub(/^[ \t]+/, "") }
    /^\[/ { here = $0 == "[" table "]"; next }
    here && $1 == name && $2 == "=" { sub(/^[^=]*= */, ""); print; found = 1; exit }
    END { if (!found) print "missing" }
  ' <<<"$containerd_dump"
}

cache_containerd() {
  containerd_dump=$(containerd config dump 2>/dev/null) || containerd_dump='# unreadable'
}

# The containers of others go on meanwhile: their shims hold them.
restore_containerd() {
  [ "$(observe_unit_active containerd.service)" != active ] || systemctl restart containerd.service || kept "containerd: it does not start"
}
