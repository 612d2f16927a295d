# shellcheck shell=bash
# Removes what kubeadm left on a node that this program joined.

if [ -e "$kubeadm_state/joined" ] || [ -e "$kubeadm_state/joining" ]; then
  install -d -m 0700 /var/log/homelab
  reset_kubeadm /var/log/homelab/kubeadm-reset.log
  rm -rf -- "$kubeadm_state"
fi
