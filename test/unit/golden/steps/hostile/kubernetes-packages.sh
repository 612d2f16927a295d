set -euo pipefail
host='cp1'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' step=kubernetes-packages
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
export http_proxy='http://proxy.example/'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s'
export no_proxy=''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s'
main() {
begin
remember_unit kubelet.service
remember_data /var/lib/kubelet /var/lib/cni /var/log/containers /var/log/pods
remember_folders /etc/cni/net.d /etc/kubernetes/manifests /opt/cni/bin /usr/libexec/kubernetes/kubelet-plugins/volume/exec
apt_repository kubernetes 'https://m.example/'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' Release.key ''\'';TOUCH/PWNED;"$(TOUCH/PWNED)"`TOUCH/PWNED`%S' '/ /'
apt_packages 'cri-tools=1.36.0 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1' 'kubeadm=1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1' 'kubectl=1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1' 'kubelet=1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1'
enable_unit kubelet.service
write_file /etc/crictl.yaml 644 <<'EOF'
# Written by homelab.
runtime-endpoint: unix:///run/containerd/containerd.sock
EOF
restrict_kubelet_config
[ "$(kubeadm version -o short)" = 'v1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s' ] || die "kubeadm on the PATH is $(kubeadm version -o short)" "is there another one beside /usr/bin/kubeadm?"
expect file /etc/apt/keyrings/homelab-kubernetes.gpg
expect file /etc/apt/sources.list.d/homelab-kubernetes.list
expect package cri-tools '1.36.0 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1'
expect hold cri-tools hold
expect package kubeadm '1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1'
expect hold kubeadm hold
expect package kubectl '1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1'
expect hold kubectl hold
expect package kubelet '1.36.3 '\''; touch /pwned; $(touch /pwned) `touch /pwned` %s-1.1'
expect hold kubelet hold
expect file /etc/crictl.yaml 'da2bd9b333b0b79d0e4ec5d37835069063e7ab5ac7a20d0525c51ea1e5792fdf 644'
expect unit-enabled kubelet.service enabled
write_expected
}
main </dev/null
