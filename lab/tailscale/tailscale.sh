#!/bin/bash
# A fake of `tailscale` and its daemon's state for tests: what the program uses of it, against the fake service in service.ts.
# It logs its arguments, and whether the key that it was given can be seen in the list of processes.
set -euo pipefail
state=/var/lib/tailscale/tailscaled.state
log=/var/log/tailscale-fake.log
mkdir -p "${state%/*}"
printf '%s\n' "$*" >>"$log"

command=$1
shift
hostname='' tags='' server='' key_file=''
for argument; do
  case $argument in
    --hostname=*) hostname=${argument#*=} ;;
    --advertise-tags=*) tags=${argument#*=} ;;
    --login-server=*) server=${argument#*=} ;;
    --auth-key=file:*) key_file=${argument#*=file:} ;;
  esac
done
ask() { curl -fsS --data @- -- "$1"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$2"; }
recorded() { if [ -e "$state" ]; then sed -n "s/^$1=//p" "$state"; fi; }

case $command in
  up)
    key=$(cat "$key_file")
    for process in /proc/[0-9]*; do
      [ "$process" != "/proc/$$" ] || continue
      ! grep -qaF -- "$key" "$process/cmdline" 2>/dev/null || echo "LEAK: the key is in the arguments of $process" >>"$log"
      ! grep -qaF -- "$key" "$process/environ" 2>/dev/null || echo "LEAK: the key is in the environment of $process" >>"$log"
    done
    answer=$(printf 'key=%s&hostname=%s' "$key" "$hostname" | ask "$server/machine/register" 2>&1) || {
      echo "backend error: invalid key: $key: $answer" >&2
      exit 1
    }
    printf 'server=%s\ndevice=%s\ntags=%s\n' "$server" "$(field nodeId "$answer")" "$tags" >"$state"
    ;;
  set) printf 'device=%s&hostname=%s' "$(recorded device)" "$hostname" | ask "$(recorded server)/machine/rename" >/dev/null ;;
  logout)
    printf 'device=%s' "$(recorded device)" | ask "$(recorded server)/machine/logout" >/dev/null
    rm -f "$state"
    ;;
  status)
    if [ -e "$state" ]; then
      printf '{\n  "BackendState": "Running",\n  "HaveNodeKey": true,\n  "TailscaleIPs": ["100.64.0.1"],\n  "Self": {"ID": "%s", "Tags": ["%s"]}\n}\n' \
        "$(recorded device)" "$(recorded tags | sed 's/,/","/g')"
    else
      printf '{\n  "BackendState": "NeedsLogin",\n  "TailscaleIPs": null,\n  "Self": {"ID": ""}\n}\n'
    fi
    ;;
  *)
    echo "the command $command is not built" >&2
    exit 2
    ;;
esac
