# shellcheck shell=bash
# kubeadm join, guarded on what is there. $cluster, $known, $endpoint, $config and $patch are set before it.

state=$kubeadm_state
log=/var/log/homelab/kubeadm-join.log
# kubeadm itself would try for five minutes, and not say what it can't reach.
api_limit=60
install -d -m 0700 "$state" "$state/patches" /var/log/homelab

if [ "$(cat "$state/joined" 2>/dev/null)" = "$cluster" ] && [ "$known" = yes ] && [ -s /etc/kubernetes/kubelet.conf ]; then
  systemctl start kubelet
  exit 0
fi

# shellcheck disable=SC2016 # that bash gets it as its argument
port_answers() { timeout 5 bash -c '</dev/tcp/${0%:*}/${0##*:}' "$endpoint" 2>/dev/null; }
poll "$api_limit" port_answers \
  || die "the API server at $endpoint can't be reached from this host (tried for $api_limit s)" "does a firewall block it, and is the address right? Nothing was changed"

if [ -e "$state/joining" ] || [ -e "$state/joined" ]; then
  kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock >>"$log" 2>&1
  rm -f "$state/joined"
else
  refuse_foreign_kubernetes
fi
touch "$state/joining"
write_kubelet_patch "$patch"

# /run is in memory: the token never reaches a disk.
file=/run/homelab-join.yaml
trap 'rm -f "$file"' EXIT
(umask 077 && printf '%s' "$config" >"$file")
: >"$log"
kubeadm join --config "$file" >>"$log" 2>&1 || {
  grep -vi token "$log" | tail -n 25 >&2
  die "'kubeadm join' failed; all of its output is in $log"
}
printf '%s\n' "$cluster" >"$state/joined"
rm -f "$state/joining"
