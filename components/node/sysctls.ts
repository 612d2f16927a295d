import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import type { Step, StepArgs } from "./step";

/** What every node needs, by name. */
const NEEDED_SYSCTLS: Readonly<Record<string, string>> = {
  // A pod's container watches files: the defaults (128 and 8192) are used up by a few dozen of them.
  "fs.inotify.max_user_instances": "512",
  "fs.inotify.max_user_watches": "524288",
  // Traffic that a bridge passes on is seen by iptables (kubeadm's preflight asks for it).
  "net.bridge.bridge-nf-call-ip6tables": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.ipv4.ip_forward": "1",
};

/** What kubelet and Cilium set by themselves once they run, of a host's network and of its kernel: restored on removal. */
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

/** Sorts after 99-sysctl.conf, which is /etc/sysctl.conf: what is there can't undo this at boot. */
const SYSCTL_FILE = "/etc/sysctl.d/99-zz-homelab.conf";

/** Rules and routes that networkd must leave alone. */
const NETWORKD_FILE = "/etc/systemd/networkd.conf.d/homelab.conf";
const NETWORKD_TEXT = `# Written by homelab. Cilium's rules and routes are not networkd's: without these lines it deletes them when it starts.
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
`;

type SysctlArgs = Pick<StepArgs, "sysctls" | "sharedKernel">;

/**
 * Kernel parameters, now and at every boot, and read back; and routes that networkd must leave alone. On a shared kernel those
 * that count for the whole kernel are only ever raised, and never written down: other hosts, and the workstation itself, rely
 * on them too.
 */
export const sysctls: Step = {
  name: "sysctls",

  commands(args) {
    const { own, minimum } = divided(args);
    const action = args.sharedKernel
      ? "this host shares its kernel: set it on the workstation, or remove it from homelab:sysctls"
      : "is the name right, and does the kernel allow the value? 'sysctl -w' says why not";
    const { network, kernel } = SET_BY_KUBERNETES;
    // What counts for a whole kernel stays raised when one of its hosts is removed: others rely on it by then.
    const remembered = [...own.map(([name]) => name), ...network, ...(args.sharedKernel ? [] : kernel)];
    return [
      `action=${quote(action)}`,
      `remember_sysctl ${quoteAll(remembered)}`,
      `write_file ${SYSCTL_FILE} 644 ${hereDocument(sysctlFile(own))}`,
      ...own.map(([name, value]) => `set_sysctl ${quoteAll([name, value])} "$action"`),
      ...minimum.map(([name, value]) => `raise_sysctl ${quoteAll([name, value])} "$action"`),
      LEAVE_ROUTES_ALONE,
    ].join("\n");
  },

  expected(args) {
    const { own, minimum } = divided(args);
    return [
      expectedFile(SYSCTL_FILE, sysctlFile(own)),
      ...own.map(([key, value]): ExpectedFact => ({ kind: "sysctl", key, value })),
      ...minimum.map(([key, value]): ExpectedFact => ({ kind: "sysctl-minimum", key, value })),
      // Whether it is there is decided on the host.
      { kind: "file", key: NETWORKD_FILE },
    ];
  },
};

/**
 * networkd reads the file when it starts, which is also when it would delete the routes, so it need not be restarted now: that
 * could cut a remote host off.
 */
const LEAVE_ROUTES_ALONE = `if [ "$(observe_unit_active systemd-networkd.service)" = active ] || [ "$(observe_unit_enabled systemd-networkd.service)" = enabled ]; then
  write_file ${NETWORKD_FILE} 644 ${hereDocument(NETWORKD_TEXT)}
fi`;

type Sysctl = readonly [name: string, value: string];

function divided(args: SysctlArgs): { own: Sysctl[]; minimum: Sysctl[] } {
  const all = Object.entries({ ...NEEDED_SYSCTLS, ...args.sysctls })
    .map(([name, value]): Sysctl => [name, value.trim().replace(/\s+/g, " ")])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of all) {
    if (/[\n=]/.test(name) || value.includes("\n"))
      throw new Error(`sysctl ${JSON.stringify(name)} would be two lines`);
  }
  // The needed ones that count for the whole kernel. Others are set as the settings say, or refused by the kernel.
  const kernelWide = ([name]: Sysctl) => args.sharedKernel && name.startsWith("fs.inotify.");
  return { own: all.filter((sysctl) => !kernelWide(sysctl)), minimum: all.filter(kernelWide) };
}

function sysctlFile(sysctls: readonly Sysctl[]): string {
  return `# Written by homelab.\n${sysctls.map(([name, value]) => `${name} = ${value}\n`).join("")}`;
}
