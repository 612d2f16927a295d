import { type Claim, fileClaim } from "../../shell/claims";
import { hereDocument } from "../../shell/quote";

/** Layers of images; what kube-proxy's replacement and the checks of kubeadm expect of bridges. */
const MODULES = ["br_netfilter", "overlay"] as const;
const LOADED_AT_BOOT = "/etc/modules-load.d/homelab.conf";
const LIST = `# Written by homelab. Kubernetes needs these modules.\n${MODULES.join("\n")}\n`;

export interface KernelModulesArgs {
  /** The machine runs on another's kernel: it can load no modules, now or at boot; they must be there. */
  sharedKernel: boolean;
}

/** Kernel modules, now and at every boot. What is built into the kernel counts as loaded. */
export function kernelModulesScript(args: KernelModulesArgs): string {
  const next = args.sharedKernel
    ? `"this machine shares its kernel: run 'modprobe $module' on the computer that it runs on"`
    : `"see 'modprobe $module'; the kernel's package may be incomplete, or was replaced since the last boot: then reboot"`;
  // What another computer's kernel has loaded is never taken out again.
  const remembered = args.sharedKernel
    ? ""
    : `\n  [ "$(module_state "$module")" = present ] || remember module "$module" missing`;
  return `
for module in ${MODULES.join(" ")}; do${remembered}
  [ "$(module_state "$module")" = present ] || modprobe -- "$module" 2>/dev/null || true
  [ "$(module_state "$module")" = present ] || die "the kernel module $module can't be loaded" ${next}
done
${args.sharedKernel ? "" : `write_file ${LOADED_AT_BOOT} 644 ${hereDocument(LIST)}`}
`;
}

export function kernelModulesClaims(args: KernelModulesArgs): Claim[] {
  const modules = MODULES.map((module): Claim => ({ kind: "module", key: module, value: "present" }));
  return args.sharedKernel ? modules : [...modules, fileClaim(LOADED_AT_BOOT, LIST)];
}
