import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import type { Step } from "./step";

/** Modules that a step needs. */
export interface ModuleList {
  modules: readonly string[];
  /** Lists them for the boot. */
  file: string;
  /** What needs them. */
  purpose: string;
  /** What else can be done about one that can't be loaded: the end of the message. */
  instead?: string;
}

const NODE_MODULES: ModuleList = {
  // Layers of images; what kube-proxy's replacement and the checks of kubeadm expect of bridges.
  modules: ["br_netfilter", "overlay"],
  file: "/etc/modules-load.d/homelab.conf",
  purpose: "Kubernetes",
};

/** Kernel modules, now and at every boot. What is built into the kernel counts as loaded. */
export const kernelModules: Step = {
  name: "kernel-modules",
  commands: ({ sharedKernel }) => loadModules(NODE_MODULES, sharedKernel),
  expected: ({ sharedKernel }) => loadedModules(NODE_MODULES, sharedKernel),
};

/**
 * Commands that load modules and list them for the boot. A host on another's kernel can do neither: they must be there, and
 * what that kernel has loaded is never taken out again.
 */
export function loadModules(list: ModuleList, sharedKernel: boolean): string {
  const { modules, instead = "" } = list;
  const action = sharedKernel
    ? `this host shares its kernel: run 'modprobe {module}' on the workstation${instead}`
    : `see 'modprobe {module}'; the kernel's package may be incomplete, or was replaced since the last boot: then reboot${instead}`;
  const remember = sharedKernel ? "" : '\n  remember_module "$module"';
  const atBoot = sharedKernel ? "" : `\nwrite_file ${list.file} 644 ${hereDocument(fileText(list))}`;
  return `for module in ${quoteAll(modules)}; do${remember}
  load_module "$module" ${quote(action)}
done${atBoot}`;
}

export function loadedModules(list: ModuleList, sharedKernel: boolean): ExpectedFact[] {
  const loaded = list.modules.map((module): ExpectedFact => ({ kind: "module", key: module, value: "present" }));
  return sharedKernel ? loaded : [...loaded, expectedFile(list.file, fileText(list))];
}

function fileText({ modules, purpose }: ModuleList): string {
  return `# Written by homelab. ${purpose} needs these modules.\n${modules.join("\n")}\n`;
}
