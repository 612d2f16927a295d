import { capabilitiesAt } from "./machines";
import type { NodePlace } from "./nodes";
import { valueOf } from "./places";
import type { NodeSettings, Settings } from "./resolve";
import type { Rule } from "./rule";

/** What kubelet wants of the kernel, exactly (pkg/kubelet/cm/container_manager_linux.go: setupKernelTunables). */
export const KERNEL_DEFAULTS: Readonly<Record<string, string>> = {
  "kernel.keys.root_maxbytes": "25000000",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
};

/** What the host of a node must have of it: all where its kubelet only checks them. */
export function kernelDefaultsOf({ kubelet }: NodeSettings, { cluster }: Settings): Readonly<Record<string, string>> {
  return (kubelet.protectKernelDefaults ?? cluster.kubelet.protectKernelDefaults) ? KERNEL_DEFAULTS : {};
}

/** Where kubelet only checks the kernel, the sysctls must be as it wants them, and the kernel the host's own. */
export const kernelDefaultsRule: Rule = (settings, report) => {
  const { cluster, sysctls, machines } = settings;
  const everywhere = valueOf(cluster.kubelet.protectKernelDefaults);
  const nodes: readonly NodePlace[] = machines.nodes;
  const checking = nodes.filter(({ kubelet }) => valueOf(kubelet.protectKernelDefaults) ?? everywhere);
  for (const node of checking) {
    if (!capabilitiesAt(settings, node)?.sharedKernel) continue;
    const own = valueOf(node.kubelet.protectKernelDefaults) !== undefined;
    report(
      own ? node.kubelet.protectKernelDefaults : cluster.kubelet.protectKernelDefaults,
      `true needs a kernel of the host's own, and ${valueOf(node.name) ?? "a node"} has none (capabilities.sharedKernel)`,
    );
  }
  if (checking.length === 0) return;
  for (const [name, value] of Object.entries(KERNEL_DEFAULTS)) {
    const sysctl = sysctls[name];
    if (sysctl && valueOf(sysctl)?.trim() !== value)
      report(sysctl, `must be ${value} where kubelet.protectKernelDefaults is true; leave it out`);
  }
};
