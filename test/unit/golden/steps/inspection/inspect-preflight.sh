set -u
host=$(uname -n) step=inspection marker=homelab-0123456789abcdef
# (the library)
# (providers/host/inspection/inspect.sh)
needed_modules='overlay vxlan'
node=10.90.0.12 pod=10.244.0.1 ports='10250 4244'
probe_program=$(cat <<'EOF'
# (providers/host/preflight/probe.pl)
EOF
)
runtime_programs=''
wanted_of_apt() {
apt_wanted docker 'https://download.docker.com/linux/{distribution}' BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB ' {codename} stable' 'containerd.io 2.2.3-1 containerd runc'
apt_wanted kubernetes https://pkgs.k8s.io/core:/stable:/v1.36/deb AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA '/ /' 'cri-tools 1.36.0-1.1' 'kubeadm 1.36.3-1.1' 'kubectl 1.36.3-1.1' 'kubelet 1.36.3-1.1'
}
# (providers/host/inspection/firewall.sh)
# (providers/host/inspection/preflight-facts.sh)
# (providers/host/inspection/apt-facts.sh)
# (providers/host/inspection/containerd-facts.sh)
main() { facts; certificates; preflight_facts; apt_facts; containerd_facts; expected_state; say end; }
main </dev/null
