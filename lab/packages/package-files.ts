/**
 * The files that upstream's packages bring beside binaries. They are an interface: kubeadm writes its flags where the
 * drop-in reads them, and the scripts on the hosts replace containerd's configuration.
 */

/** kubelet's unit, as pkgs.k8s.io lays it out. */
export const kubeletService = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

/** kubeadm's drop-in for it. The environment files are optional: kubeadm writes the first, a person the second. */
export const kubeadmDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

export const kubeletDefaults = "KUBELET_EXTRA_ARGS=\n";

/** containerd's unit, as Docker's package lays it out. */
export const containerdService = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target dbus.service

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;

/** What Docker's package configures: it switches Kubernetes' plugin off, so a host that keeps this file runs no pod. */
export const containerdConfig = `disabled_plugins = ["cri"]
`;

/** Maintainer scripts of a package with a unit. */
export interface MaintainerScripts {
  readonly postinst: string;
  readonly prerm: string;
  readonly postrm: string;
}

/** The scripts of a package whose service is enabled and started when it is installed, restarted when upgraded. */
export function startedService(unit: string): MaintainerScripts {
  return {
    postinst: script(`[ "$1" = configure ] || exit 0
deb-systemd-helper unmask ${unit} >/dev/null
if deb-systemd-helper --quiet was-enabled ${unit}; then deb-systemd-helper enable ${unit} >/dev/null; fi
deb-systemd-helper update-state ${unit} >/dev/null
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload
  if [ -n "$2" ]; then deb-systemd-invoke restart ${unit} || true; else deb-systemd-invoke start ${unit} || true; fi
fi`),
    prerm: script(
      `if [ "$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop ${unit} || true; fi`,
    ),
    postrm: script(`if [ -d /run/systemd/system ]; then systemctl --system daemon-reload || true; fi
if [ "$1" = purge ]; then deb-systemd-helper purge ${unit} >/dev/null || true; fi`),
  };
}

/** The scripts of a package whose service is left to kubeadm: neither enabled nor started. */
export function idleService(unit: string): MaintainerScripts {
  const { prerm, postrm } = startedService(unit);
  const reload = 'if [ "$1" = configure ] && [ -d /run/systemd/system ]; then systemctl --system daemon-reload; fi';
  return { postinst: script(reload), prerm, postrm };
}

function script(body: string): string {
  return `#!/bin/sh\nset -e\n${body}\n`;
}
