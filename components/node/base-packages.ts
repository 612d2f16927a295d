import { expectedPackages } from "../../providers/host/facts/expected";
import { quoteAll } from "../../providers/host/shell/quote";
import type { Step } from "./step";

/** From the distribution's own archive; kubeadm's preflight, kubelet, containerd and the other steps use them. */
const PACKAGES = [
  "ca-certificates",
  "conntrack",
  "curl",
  "ethtool",
  "gnupg",
  "iproute2",
  "iptables",
  "kmod",
  "libseccomp2",
  "mount",
  "procps",
  "socat",
] as const;

/** The distribution's packages that the nodes need. Only what is missing is installed; versions stay the distribution's. */
export const basePackages: Step = {
  name: "base-packages",
  online: true,
  commands: () => `install_missing ${quoteAll(PACKAGES)}`,
  expected: () => expectedPackages(PACKAGES),
};
