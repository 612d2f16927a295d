# observe_unit_enabled NAME, observe_unit_active NAME: as systemctl names the states.
observe_unit_enabled() { systemctl is-enabled -- "$1" 2>/dev/null || true; }
observe_unit_active() { systemctl is-active -- "$1" 2>/dev/null || true; }

# remember_unit NAME: how it starts, and whether it runs.
remember_unit() {
  local enabled
  enabled=$(observe_unit_enabled "$1")
  remember unit "$1" "${enabled:-not-found} $(observe_unit_active "$1")"
}

# enable_unit NAME: it starts at every boot.
enable_unit() {
  [ "$(observe_unit_enabled "$1")" = enabled ] || quietly systemctl enable "$1"
}

prepare_restore_unit() {
  local unit enabled active
  while IFS=$'\t ' read -r -u 3 unit enabled active; do
    case $enabled:$(observe_unit_enabled "$unit") in
      disabled:enabled | not-found:enabled) systemctl --quiet disable -- "$unit" 2>/dev/null || true ;;
    esac
    [ "$active" = active ] || systemctl stop -- "$unit" 2>/dev/null || true
  done 3< <(entries unit)
}

restore_unit() {
  local unit enabled active
  systemctl daemon-reload
  while IFS=$'\t ' read -r -u 3 unit enabled active; do
    case $enabled:$(observe_unit_enabled "$unit") in
      masked:masked) ;;
      masked:*) systemctl --quiet mask -- "$unit" 2>/dev/null || true ;;
      *:masked) systemctl --quiet unmask -- "$unit" 2>/dev/null || true ;;
    esac
    case $enabled:$(observe_unit_enabled "$unit") in
      enabled:disabled) systemctl --quiet enable -- "$unit" 2>/dev/null || kept "$unit: it can't be enabled" ;;
    esac
    [ "$active" != active ] || [ "$(observe_unit_active "$unit")" = active ] || systemctl start -- "$unit" 2>/dev/null || kept "$unit: it does not start"
  done 3< <(entries unit)
}
