import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import { NODE_MODULES } from "../../providers/host/inspection/wanted";
import { ON_OWNER } from "../../providers/host/preflight/hosts";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import type { NodeSteps, Step, StepArgs } from "./step";

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

/**
 * Which module brings the sysctls of a prefix: the kernel has them only when it is loaded. Left out is what the kernel loads by itself
 * when the sysctl is set (the congestion controls and queues of TCP).
 */
const MODULE_OF_SYSCTLS: readonly (readonly [prefix: string, module: string])[] = [
  ["fs.nfs.nlm_", "lockd"],
  ["fs.nfs.nsm_", "lockd"],
  ["fs.nfs.", "nfs"],
  ["net.bridge.", "br_netfilter"],
  ["net.ipv4.vs.", "ip_vs"],
  ["net.mpls.", "mpls_router"],
  ["net.netfilter.nf_conntrack_", "nf_conntrack"],
  ["net.netfilter.nf_flowtable_", "nf_conntrack"],
  ["net.nf_conntrack_max", "nf_conntrack"],
  ["net.rds.", "rds"],
  ["net.sctp.", "sctp"],
  ["net.tipc.", "tipc"],
  ["net.vrf.", "vrf"],
  ["sunrpc.", "sunrpc"],
];

/** The modules that every host of the settings has: the needed ones, those of the settings, and those that bring the settings' sysctls. */
function nodeModules({ modules, sysctls }: Pick<NodeSteps, "modules" | "sysctls">): string[] {
  const ofSysctls = Object.keys(sysctls).flatMap(
    (name) => MODULE_OF_SYSCTLS.find(([prefix]) => name.startsWith(prefix))?.[1] ?? [],
  );
  return [...new Set([...NODE_MODULES, ...modules.map((name) => name.replaceAll("-", "_")), ...ofSysctls])].sort();
}

const listOf = (args: StepArgs): ModuleList => ({
  modules: nodeModules(args),
  file: "/etc/modules-load.d/homelab.conf",
  purpose: "Kubernetes",
});

/** Kernel modules, now and at every boot. What is built into the kernel counts as loaded. */
export const kernelModules: Step = {
  name: "kernel-modules",
  commands: (args) => loadModules(listOf(args), args.sharedKernel),
  expected: (args) => loadedModules(listOf(args), args.sharedKernel),
};

/**
 * Commands that load modules and list them for the boot, and unload those that an earlier list had. A host on another's kernel can do
 * neither: they must be there, and what that kernel has loaded is never taken out again.
 */
export function loadModules(list: ModuleList, sharedKernel: boolean): string {
  const { modules, instead = "" } = list;
  const action = sharedKernel
    ? `this host shares its kernel: run 'modprobe {module}' ${ON_OWNER}, and list it in /etc/modules-load.d there${instead}`
    : `see 'modprobe {module}'; the kernel's package may be incomplete, or was replaced since the last boot: then reboot${instead}`;
  const load = modules.flatMap((name) => [
    ...(sharedKernel ? [] : [`remember_module ${quote(name)}`]),
    `load_module ${quote(name)} "$action"`,
  ]);
  const atBoot = sharedKernel
    ? []
    : [
        `release_modules ${quoteAll([list.file, ...modules])}`,
        `write_file ${list.file} 644 ${hereDocument(fileText(list))}`,
      ];
  return [`action=${quote(action)}`, ...load, ...atBoot].join("\n");
}

export function loadedModules(list: ModuleList, sharedKernel: boolean): ExpectedFact[] {
  const loaded = list.modules.map((module): ExpectedFact => ({ kind: "module", key: module, value: "present" }));
  return sharedKernel ? loaded : [...loaded, expectedFile(list.file, fileText(list))];
}

function fileText({ modules, purpose }: ModuleList): string {
  return `# Written by homelab. ${purpose} needs these modules.\n${modules.join("\n")}\n`;
}
