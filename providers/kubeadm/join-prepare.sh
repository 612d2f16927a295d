# shellcheck shell=bash
# Before kubeadm join, guarded on what is there. $cluster, $known, $endpoint and $ports are set before it. What an earlier join has
# left is taken back. Prints `joined` where nothing is left to do.

state=$kubeadm_state
log=/var/log/homelab/kubeadm-join.log
# kubeadm itself would try for minutes, and not say what it can't reach.
api_limit=60
install -d -m 0700 "$state" "$state/patches" /var/log/homelab

if [ "$(cat "$state/joined" 2>/dev/null)" = "$cluster" ] && [ "$known" = yes ] && [ -s /etc/kubernetes/kubelet.conf ]; then
  systemctl start kubelet
  restrict_kubelet_config
  echo joined
  exit 0
fi

# shellcheck disable=SC2016 # that bash gets it as its argument
port_answers() { timeout 5 bash -c '</dev/tcp/${0%:*}/${0##*:}' "$endpoint" 2>/dev/null; }
poll "$api_limit" port_answers \
  || die "the API server at $endpoint can't be reached from this host (tried for $api_limit s)" "does a firewall block it, and is the address right? Nothing was changed"

if [ -e "$state/joining" ] || [ -e "$state/joined" ]; then
  : >"$log"
  reset_node "$log" "$ports"
  rm -f "$state/joined"
else
  refuse_foreign_kubernetes
fi
