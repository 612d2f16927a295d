# shellcheck shell=bash
# kubeadm join on a host that join-prepare.sh has prepared. $cluster, $config and $patch are set before it.

state=$kubeadm_state
log=/var/log/homelab/kubeadm-join.log
touch "$state/joining"
write_kubelet_patch "$patch"

# /run is in memory: the token never reaches a disk.
file=/run/homelab-join.yaml
trap 'rm -f "$file"' EXIT
(umask 077 && printf '%s' "$config" >"$file")
: >"$log"
kubeadm join --config "$file" >>"$log" 2>&1 || {
  grep -vi token "$log" | tail -n 25 >&2 || true
  die "'kubeadm join' failed; all of its output is in $log" "fix what it says and run pulumi up again: it takes back what is there and begins again. Where only time was missing, raise homelab:cluster kubeadm.timeouts"
}
restrict_kubelet_config
printf '%s\n' "$cluster" >"$state/joined"
rm -f "$state/joining"
