set -euo pipefail
host=cp1 step=containerd
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
main() {
begin
refuse_second_containerd
remember_unit containerd.service
remember_file /etc/containerd/config.toml
remember_data /var/lib/containerd /opt/containerd
remember_folders /etc/cni/net.d
apt_repository docker 'https://download.docker.com/linux/{distribution}' gpg BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB ' {codename} stable'
apt_packages 'containerd.io=2.2.3-1'
systemd_cgroup=false restrict_oom_score_adj=false
[ "$(cgroup_version)" != 2 ] || systemd_cgroup=true
bounding=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
((0x$bounding >> 24 & 1)) || restrict_oom_score_adj=true
decided() { sed -e "s/@systemd_cgroup@/$systemd_cgroup/" -e "s/@restrict_oom_score_adj@/$restrict_oom_score_adj/"; }
restart=/var/lib/homelab/containerd-restart
mkdir -p /var/lib/homelab
needs_restart() {
  cmp -s -- "$1" "$2" || touch "$restart"
}
cat >/run/homelab-containerd.toml <<'EOF'
# Written by homelab; changes made here are undone.
version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
disabled_plugins = []

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "registry.k8s.io/pause:3.10.2"

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "/etc/containerd/certs.d"

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = @restrict_oom_score_adj@

[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = "runc"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  sandboxer = "podsandbox"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = @systemd_cgroup@
EOF
decided </run/homelab-containerd.toml >/run/homelab-containerd.decided
needs_restart /run/homelab-containerd.decided /etc/containerd/config.toml
write_file /etc/containerd/config.toml 644 </run/homelab-containerd.decided
rm -f /run/homelab-containerd.*

wanted='  '
for file in /etc/containerd/certs.d/*/hosts.toml; do
  case $wanted in *" $file "*) continue ;; esac
  [ ! -f "$file" ] || [ "$(head -n 1 "$file")" != '# Written by homelab; changes made here are undone.' ] || remove_file "$file"
done
if [ -e /etc/systemd/system/containerd.service.d/homelab-proxy.conf ]; then
  touch "$restart"
  remove_file /etc/systemd/system/containerd.service.d/homelab-proxy.conf
  systemctl daemon-reload
fi
enable_unit containerd.service
if [ -e "$restart" ] || [ "$(observe_unit_active containerd.service)" != active ] || ! runs_packaged_containerd; then
  # systemd starts nothing more for a while that failed often; what made it fail may just have been fixed.
  systemctl reset-failed containerd.service 2>/dev/null || true
  systemctl restart containerd.service >/dev/null 2>&1 || true
  [ "$(observe_unit_active containerd.service)" = active ] || die "containerd does not start" "see 'journalctl -u containerd' on the host"
  rm -f "$restart"
  echo "restarted containerd"
fi
verify_containerd 2.2.3-1
containerd_dump=$("$packaged_containerd" config dump 2>/dev/null) || die "containerd does not accept /etc/containerd/config.toml" "see 'containerd config dump' on the host"
in_effect() {
  [ "$(observe_containerd "$1")" = "$2" ] || die "containerd's $1 should be '$2' and is '$(observe_containerd "$1")'" "look for other files that set it, in 'containerd config dump' under imports"
}
in_effect /disabled_plugins '[]'
in_effect plugins.io.containerd.cri.v1.images/snapshotter overlayfs
in_effect plugins.io.containerd.cri.v1.images.pinned_images/sandbox registry.k8s.io/pause:3.10.2
in_effect plugins.io.containerd.cri.v1.images.registry/config_path /etc/containerd/certs.d
in_effect plugins.io.containerd.cri.v1.runtime/restrict_oom_score_adj "$restrict_oom_score_adj"
in_effect plugins.io.containerd.cri.v1.runtime.containerd.runtimes.runc.options/SystemdCgroup "$systemd_cgroup"
runtimes_in_effect "$systemd_cgroup"
/usr/bin/ctr plugins ls 2>/dev/null | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" && $NF == "ok" { ok = 1 } END { exit !ok }' || die "containerd runs without its Kubernetes part (cri)" "see 'ctr plugins ls' and 'journalctl -u containerd' on the host"
expect file /etc/apt/keyrings/homelab-docker.gpg
expect file /etc/apt/sources.list.d/homelab-docker.list
expect package containerd.io 2.2.3-1
expect hold containerd.io hold
expect file /etc/containerd/config.toml
expect unit-enabled containerd.service enabled
expect unit-active containerd.service active
expect containerd /disabled_plugins '[]'
expect containerd plugins.io.containerd.cri.v1.images/snapshotter overlayfs
expect containerd plugins.io.containerd.cri.v1.images.pinned_images/sandbox registry.k8s.io/pause:3.10.2
expect containerd plugins.io.containerd.cri.v1.images.registry/config_path /etc/containerd/certs.d
write_expected
}
main </dev/null
