/** Folder on a host for what a run with kubeadm leaves for the next one: its configuration, and how far it came. */
export const KUBEADM_STATE = "/var/lib/homelab/kubeadm";

/** What a cluster leaves on a host. */
export const KUBERNETES_FILES = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/kubelet.conf",
  "/etc/kubernetes/bootstrap-kubelet.conf",
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/var/lib/etcd/member",
] as const;
