import { type Claim, fileClaim } from "../../providers/host/shell/claims";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import { foreignRoutesClaims, foreignRoutesCommands } from "./foreign-routes";

/** What every node needs, by name. */
export const NEEDED_SYSCTLS: Readonly<Record<string, string>> = {
  // A pod's container watches files: the defaults (128 and 8192) are used up by a few dozen of them.
  "fs.inotify.max_user_instances": "512",
  "fs.inotify.max_user_watches": "524288",
  // Traffic that a bridge passes on is seen by iptables (kubeadm's preflight asks for it).
  "net.bridge.bridge-nf-call-ip6tables": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.ipv4.ip_forward": "1",
};

/** What kubelet and Cilium set by themselves once they run, of a host's network and of its kernel: put back on removal. */
const SET_BY_KUBERNETES = {
  network: ["net.ipv4.conf.all.rp_filter", "net.ipv4.fib_multipath_use_neigh"],
  kernel: [
    "kernel.keys.root_maxbytes",
    "kernel.keys.root_maxkeys",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.timer_migration",
    "net.core.bpf_jit_enable",
    "vm.overcommit_memory",
  ],
} as const;

/** Sorts after 99-sysctl.conf, which is /etc/sysctl.conf: what stands there can't undo this at boot. */
export const SYSCTL_FILE = "/etc/sysctl.d/99-zz-homelab.conf";

export interface SysctlsArgs {
  /** From the settings; added to those that are needed, or in their place. */
  sysctls: Readonly<Record<string, string>>;
  /** The machine runs on another's kernel: what isn't of its own network is that kernel's. */
  sharedKernel: boolean;
}

/**
 * Kernel parameters, now and at every boot, and read back; and routes that networkd must leave alone. On a shared kernel those that count for the whole computer are
 * only ever raised, and never written down: other machines, and the computer itself, rely on them too.
 */
export function sysctlsScript(args: SysctlsArgs): string {
  const { own, minimum } = divided(args);
  const next = args.sharedKernel
    ? `"this machine shares its kernel: set it on the computer that it runs on, or take it out of homelab:sysctls"`
    : `"is the name right, and does the kernel allow the value? See 'sysctl -w $1=$2'"`;
  const { network, kernel } = SET_BY_KUBERNETES;
  // What counts for a whole computer stays raised when one of its machines is removed: others rely on it by then.
  const remembered = [...own.map(([name]) => name), ...network, ...(args.sharedKernel ? [] : kernel)];
  return `
remember_sysctl ${quoteAll(remembered)}
write_file ${SYSCTL_FILE} 644 ${hereDocument(sysctlFile(own))}
set_sysctl() {
  [ "$(sysctl_value "$1")" = "$2" ] && return
  sysctl -qw "$1=$2" 2>/dev/null || true
  [ "$(sysctl_value "$1")" = "$2" ] || die "the sysctl $1 should be '$2' and is '$(sysctl_value "$1")'" ${next}
  echo "set $1 to $2"
}
${own.map(([name, value]) => `set_sysctl ${quote(name)} ${quote(value)}`).join("\n")}
${minimum.map(([name, value]) => `[ "$(sysctl_value ${quote(name)})" -ge ${quote(value)} ] || set_sysctl ${quote(name)} ${quote(value)}`).join("\n")}
${foreignRoutesCommands()}`;
}

export function sysctlsClaims(args: SysctlsArgs): Claim[] {
  const { own, minimum } = divided(args);
  return [
    fileClaim(SYSCTL_FILE, sysctlFile(own)),
    ...own.map(([key, value]): Claim => ({ kind: "sysctl", key, value })),
    ...minimum.map(([key, value]): Claim => ({ kind: "sysctl-minimum", key, value })),
    ...foreignRoutesClaims(),
  ];
}

type Sysctl = readonly [name: string, value: string];

function divided(args: SysctlsArgs): { own: Sysctl[]; minimum: Sysctl[] } {
  const all = Object.entries({ ...NEEDED_SYSCTLS, ...args.sysctls })
    .map(([name, value]): Sysctl => [name, value.trim().replace(/\s+/g, " ")])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of all) {
    if (/[\n=]/.test(name) || value.includes("\n"))
      throw new Error(`sysctl ${JSON.stringify(name)} would be two lines`);
  }
  // The needed ones that count for the whole computer. Others are set as they are told, or refused by the kernel.
  const kernelWide = ([name]: Sysctl) => args.sharedKernel && name.startsWith("fs.inotify.");
  return { own: all.filter((sysctl) => !kernelWide(sysctl)), minimum: all.filter(kernelWide) };
}

function sysctlFile(sysctls: readonly Sysctl[]): string {
  return `# Written by homelab.\n${sysctls.map(([name, value]) => `${name} = ${value}\n`).join("")}`;
}
