import { type Claim, fileClaim } from "../../providers/host/shell/claims";
import { hereDocument } from "../../providers/host/shell/quote";

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
  return `
${loadModulesCommands(MODULES, { ...args, file: LOADED_AT_BOOT, list: LIST })}
`;
}

/**
 * Commands that load modules and list them in a file for the boot.
 *
 * @param how.instead what else can be done about one that can't be loaded: the end of the message.
 */
export function loadModulesCommands(
  modules: readonly string[],
  how: KernelModulesArgs & { file: string; list: string; instead?: string },
): string {
  const { sharedKernel, file, list, instead = "" } = how;
  const next = sharedKernel
    ? `"this machine shares its kernel: run 'modprobe $module' on the computer that it runs on${instead}"`
    : `"see 'modprobe $module'; the kernel's package may be incomplete, or was replaced since the last boot: then reboot${instead}"`;
  // What another computer's kernel has loaded is never taken out again.
  const remembered = sharedKernel
    ? ""
    : `\n  [ "$(module_state "$module")" = present ] || remember module "$module" missing`;
  return `for module in ${modules.join(" ")}; do${remembered}
  [ "$(module_state "$module")" = present ] || modprobe -- "$module" 2>/dev/null || true
  [ "$(module_state "$module")" = present ] || die "the kernel module $module can't be loaded" ${next}
done
${sharedKernel ? "" : `write_file ${file} 644 ${hereDocument(list)}`}`;
}

export function kernelModulesClaims(args: KernelModulesArgs): Claim[] {
  return loadModulesClaims(MODULES, { ...args, file: LOADED_AT_BOOT, list: LIST });
}

export function loadModulesClaims(
  modules: readonly string[],
  { sharedKernel, file, list }: KernelModulesArgs & { file: string; list: string },
): Claim[] {
  const loaded = modules.map((module): Claim => ({ kind: "module", key: module, value: "present" }));
  return sharedKernel ? loaded : [...loaded, fileClaim(file, list)];
}
