/** Folder on a host for what a run with kubeadm leaves for the next one: its configuration, and how far it came. */
export const KUBEADM_STATE = "/var/lib/homelab/kubeadm";
