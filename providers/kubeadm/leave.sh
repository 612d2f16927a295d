# shellcheck shell=bash
# Removes what kubeadm left on a node that this program joined.

if [ -e "$kubeadm_state/joined" ] || [ -e "$kubeadm_state/joining" ]; then
  kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock >/dev/null 2>&1 \
    || die "'kubeadm reset' failed; run it by hand on the host to see why"
  rm -rf -- "$kubeadm_state"
fi
