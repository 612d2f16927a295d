import { randomBytes } from "node:crypto";
import { CLAIMS_FOLDER } from "../shell/claims";
import { functionsFor } from "../shell/functions";
import { quote } from "../shell/quote";
import { CERTIFICATES, CONDITION } from "./condition";

export interface GatherOptions {
  /** Print as well what tells whether the host can be prepared: memory, ports, name resolution, and so on. */
  condition?: boolean;
  claimsFolder?: string;
}

/** A word that no shell, profile or message of the day prints by itself: it marks the lines that are the script's. */
export function newMarker(): string {
  return `homelab-${randomBytes(12).toString("hex")}`;
}

/**
 * One bash script that changes nothing and prints what there is to know of a host: facts, and for each claim of each step
 * what is claimed and what is. Each line starts with the marker; fields are separated by tabs; the last line is `end`.
 */
export function gatherScript(marker: string, options: GatherOptions = {}): string {
  const work = [OBSERVE, FACTS, CERTIFICATES, ...(options.condition ? [CONDITION] : []), CLAIMS];
  return [
    "set -u",
    "export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `claims=${quote(options.claimsFolder ?? CLAIMS_FOLDER)}`,
    ...functionsFor(work.join("\n")),
    // Tabs and newlines separate; whatever a host shows must not.
    `say() {
  local line field
  line=${quote(marker)}
  for field; do line+=$'\\t'"\${field//[^ -~]/ }"; done
  printf '%s\\n' "$line"
}`,
    ...work,
    `main() { facts; certificates; ${options.condition ? "condition; " : ""}claims; say end; }`,
    "main </dev/null",
    "",
  ].join("\n");
}

const OBSERVE = `observe() {
  case $1 in
    sysctl | sysctl-minimum) sysctl_value "$2" ;;
    file) digest "$2" ;;
    module) module_state "$2" ;;
    package) package_version "$2" ;;
    hold) package_hold "$2" ;;
    unit-enabled) unit_enabled "$2" ;;
    unit-active) unit_active "$2" ;;
    swap) case $2 in active) swap_active ;; *) swap_at_boot ;; esac ;;
    containerd) containerd_value "$2" ;;
    *) echo 'of a kind that this version does not know' ;;
  esac
}`;

const FACTS = `facts() {
  local capabilities
  capabilities=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  say fact osId "$(. /etc/os-release && echo "$ID")"
  say fact osVersion "$(. /etc/os-release && echo "\${VERSION_ID-}")"
  say fact osName "$(. /etc/os-release && echo "\${PRETTY_NAME-$ID}")"
  say fact machine "$(uname -m)"
  say fact kernel "$(uname -r)"
  say fact hostname "$(uname -n)"
  say fact machineId "$(cat /etc/machine-id)"
  say fact cgroupVersion "$([ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] && echo 2 || echo 1)"
  say fact cpus "$(nproc --all)"
  say fact container "$(systemd-detect-virt --container)"
  say fact init "$(cat /proc/1/comm)"
  say fact sysResource "$((0x$capabilities >> 24 & 1))"
  say fact user "$(id -u)"
}`;

const CLAIMS = `claims() {
  local file step run line containerd_dump=
  [ ! -x /usr/bin/containerd ] || containerd_dump=$(containerd config dump 2>/dev/null) || containerd_dump='# unreadable'
  say folder "$(stat -c '%i %y' -- "$claims" 2>/dev/null)"
  for file in "$claims"/*.json; do
    [ -f "$file" ] || continue
    step=\${file##*/}
    step=\${step%.json}
    run=$(sed -n 's/^"run":"\\(.*\\)",$/\\1/p' "$file")
    say step "$step" "$run"
    while IFS= read -r line; do
      [[ $line =~ ^\\{\\"kind\\":\\"([^\\"]*)\\",\\"key\\":\\"([^\\"]*)\\",\\"value\\":\\"([^\\"]*)\\"\\},?$ ]] || continue
      set -- "\${BASH_REMATCH[@]:1}"
      say claim "$step" "$1" "$2" "$3" "$(observe "$1" "$2")"
    done <"$file"
  done
}`;
