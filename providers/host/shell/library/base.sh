# What every script uses. A script sets `host` and `step` before it reads the library, and calls `begin` first.

umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl KUBECONFIG=/etc/kubernetes/admin.conf
# In seconds. By default systemctl gives systemd 25: on a slow, busy host what isn't answered would be taken for "there is none".
export SYSTEMD_BUS_TIMEOUT=300
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# die PROBLEM [ACTION]: ends the script with one line of what is wrong, and what to do.
die() {
  printf '%s: %s: %s\n' "$host" "$step" "$1${2:+; $2}" >&2
  exit 1
}

# begin: refuses a system that the scripts are not written for, and takes the host's lock.
begin() {
  refuse_unsupported
  take_lock
}

# os_release NAME: a value of the system's own description; empty where it has none.
os_release() (
  # shellcheck source=/dev/null
  . /etc/os-release
  echo "${!1-}"
)

refuse_unsupported() {
  local id name
  id="$(os_release ID) $(os_release VERSION_ID)"
  name=$(os_release PRETTY_NAME)
  case "|$supported_systems|" in *"|$id|"*) ;; *) die "${name:-$id} is not supported" "use $supported; nothing was changed" ;; esac
  case "|$supported_machines|" in *"|$(uname -m)|"*) ;; *) die "$(uname -m) is not supported" "use $supported; nothing was changed" ;; esac
}

# Children inherit the lock: where bash alone is killed, apt still holds it until it ends.
take_lock() {
  exec 9>>"$host_lock"
  flock -w "$lock_seconds" 9 || die "the host is locked by another run ($(cat "$host_lock")) and was not free after $lock_seconds s" "let it end or stop that process, then run pulumi up again"
  printf 'process %s, step %s, since %s\n' "$$" "$step" "$(date -u +%FT%TZ)" >"$host_lock"
}

# cgroup_version: by what the kernel shows there. What programs call its file system differs: uutils' stat says UNKNOWN.
cgroup_version() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo 2; else echo 1; fi
}

# quietly COMMAND...: its output is shown only where it fails, and then its end.
quietly() {
  local log=/run/homelab.log status=0
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || {
    tail -n 20 "$log" >&2
    die "'$*' ended with exit code $status" "its last lines are above; fix that and run pulumi up again"
  }
  rm -f "$log"
}

# poll SECONDS COMMAND...: runs the command once a second until it succeeds; fails where it did not within the time.
poll() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 1
  done
}
