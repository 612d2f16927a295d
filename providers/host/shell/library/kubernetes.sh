# kubectl ARGUMENT...: asks the API server as its administrator, with a limit for each request. What waits for longer calls
# `command kubectl`.
kubectl() { command kubectl --request-timeout 30s "$@"; }

api_answers() {
  [ -s "$KUBECONFIG" ] && command kubectl --request-timeout 5s get --raw /readyz >/dev/null 2>&1
}

# require_cluster: ends with the exit code $cluster_gone where there is no cluster, or its API server is not ready.
require_cluster() {
  [ -e "$KUBECONFIG" ] || {
    echo 'the host is no control plane any more' >&2
    exit "$cluster_gone"
  }
  kubectl get --raw /readyz >/dev/null || exit "$cluster_gone"
}

# refuse_foreign_kubernetes [ACTION]: ends where there is a node, or a part of one.
refuse_foreign_kubernetes() {
  local file
  for file in $kubernetes_files; do
    [ ! -e "$file" ] \
      || die "there is a Kubernetes node that this program did not make ($file exists); nothing was changed" "if it may go, run 'kubeadm reset' on the host, then repeat${1:+; $1}"
  done
}

# write_kubelet_patch PATCH: puts the kubelet settings of this node alone where kubeadm looks for patches; an empty one
# removes them.
write_kubelet_patch() {
  if [ -n "$1" ]; then
    printf '%s' "$1" | write_file "$kubelet_patch" 600
  else
    rm -f -- "$kubelet_patch"
  fi
}

# apply_kubelet_patch PATCH LOG: brings a running kubelet to them; does nothing where they are the same.
apply_kubelet_patch() {
  [ "$(cat "$kubelet_patch" 2>/dev/null)" != "$(printf '%s' "$1")" ] || return 0
  write_kubelet_patch "$1"
  kubeadm upgrade node phase kubelet-config --patches "${kubelet_patch%/*}" >>"$2" 2>&1 || {
    rm -f -- "$kubelet_patch"
    die "the kubelet's new settings could not be applied; all output is in $2"
  }
  restrict_kubelet_config
  systemctl restart kubelet
}

# restrict_kubelet_config: only root reads the kubelet's configuration, which kubeadm writes for all to read.
restrict_kubelet_config() { [ ! -e /var/lib/kubelet/config.yaml ] || chmod 600 /var/lib/kubelet/config.yaml; }

# reset_node LOG PORTS: takes back what kubeadm has made, until no pod runs and nothing listens on the ports any more.
reset_node() {
  local limit=60
  reset_kubeadm "$1"
  poll "$limit" are_free "$2" \
    || die "$limit s after 'kubeadm reset' ports of the node are still in use: $(listening_on "$2")" "stop what uses them, or reboot the host, and run pulumi up again"
}

# reset_kubeadm LOG: takes back what kubeadm has made, after the pods have ended.
reset_kubeadm() {
  stop_pods "$1"
  # With it kubeadm would wait for the host's own API server, which has ended too.
  rm -f /etc/kubernetes/admin.conf
  timeout 300 kubeadm reset --force --cleanup-tmp-dir --cri-socket unix:///run/containerd/containerd.sock >>"$1" 2>&1 || {
    tail -n 20 "$1" >&2
    die "'kubeadm reset' failed; all of its output is in $1" "fix that and run the same command again"
  }
}

# stop_pods LOG: ends kubelet and all pods. 'kubeadm reset' gives the container runtime two seconds for each, and goes on where that is
# too short: on a slow host etcd and the others keep their ports, and volumes of pods can't be unmounted.
stop_pods() {
  local limit=180
  systemctl stop kubelet.service 2>/dev/null || true
  if [ "$(observe_unit_active containerd.service)" = active ]; then
    ! poll "$limit" remove_pods "$1" || return 0
    kill_pods
    # It forgets what was taken from it.
    systemctl restart containerd.service
  else
    kill_pods
  fi
}

# A pod whose network can't be taken down stays as an empty shell, which the next kubelet removes: what counts is what runs.
remove_pods() {
  local running
  timeout 120 crictl --timeout 60s rmp --all --force >>"$1" 2>&1 || true
  running=$(timeout 60 crictl --timeout 30s ps --quiet 2>>"$1") && [ -z "$running" ]
}

# Process 0 means those of other machines on the same kernel.
kill_pods() {
  local id pid file words
  if [ "$(observe_unit_active containerd.service)" = active ]; then
    for id in $(ctr -n k8s.io containers ls -q 2>/dev/null || true); do
      ctr -n k8s.io tasks rm --force "$id" >/dev/null 2>&1 || true
      ctr -n k8s.io containers rm "$id" >/dev/null 2>&1 || true
    done
  fi
  { find /sys/fs/cgroup -path '*/kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null || true; } | sort -u | while read -r pid; do
    [ "$pid" -le 1 ] || kill -KILL "$pid" 2>/dev/null || true
  done
  for file in /proc/[0-9]*/cmdline; do
    { mapfile -d '' -t words <"$file"; } 2>/dev/null || continue
    case ${words[*]-} in *containerd-shim*" -namespace k8s.io "*) ;; *) continue ;; esac
    pid=${file#/proc/}
    kill -KILL "${pid%/cmdline}" 2>/dev/null || true
  done
}

# listening: what listens on this host, as words tcp|udp:PORT:PROCESS ID:ITS NAME; without id and name the kernel itself does. From the
# kernel's own lists, because ss may be missing.
listening() {
  local file files=() protocol port pid name
  for file in /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; do
    [ ! -r "$file" ] || files+=("$file")
  done
  find /proc/[0-9]*/fd -lname 'socket:*' -printf '%h %l\n' 2>/dev/null | awk '
    FILENAME !~ /^\/proc\// { split($1, path, "/"); gsub(/[^0-9]/, "", $2); holder[$2] = path[3]; next }
    { protocol = substr(FILENAME, 11, 3) }
    $4 != (protocol == "tcp" ? "0A" : "07") { next }
    { split($2, address, ":"); print protocol, address[2], ($10 in holder) ? holder[$10] : 0 }' - "${files[@]}" | sort -u \
    | while read -r protocol port pid; do
      name=
      [ "$pid" = 0 ] || read -r name 2>/dev/null <"/proc/$pid/comm" || name=
      printf '%s:%d:%s:%s ' "$protocol" "$((16#$port))" "${pid#0}" "${name//[ :]/_}"
    done
}

# listening_on PORTS: which of these TCP ports are in use, and by what; nothing where all are free.
listening_on() {
  local word protocol port pid name
  for word in $(listening); do
    IFS=: read -r protocol port pid name <<<"$word"
    case "$protocol $1 " in tcp*" $port "*) printf '%s by %s%s; ' "$port" "${name:-the kernel}" "${pid:+ (process $pid)}" ;; esac
  done
}
are_free() { [ -z "$(listening_on "$1")" ]; }
