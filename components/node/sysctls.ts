import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import { ON_OWNER } from "../../providers/host/preflight/hosts";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import type { Step, StepArgs } from "./step";

/** What every node needs, by name. */
const NEEDED_SYSCTLS: Readonly<Record<string, string>> = { "net.ipv4.ip_forward": "1" };

/**
 * The least that every node needs, by name: what a host has above it stays. A pod's container watches files: the defaults (128 and
 * 8192) are used up by a few dozen of them.
 */
const LEAST_SYSCTLS: Readonly<Record<string, string>> = {
  "fs.inotify.max_user_instances": "512",
  "fs.inotify.max_user_watches": "524288",
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
/** Those of which only the least is wanted. */
const LEAST_FILE = "/etc/sysctl.d/99-zz-homelab-least.conf";

/** Rules and routes that networkd must leave alone. */
const NETWORKD_FILE = "/etc/systemd/networkd.conf.d/homelab.conf";
const NETWORKD_TEXT = `# Written by homelab. Cilium's rules and routes are not networkd's: without these lines it deletes them when it starts.
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
`;

type SysctlArgs = Pick<StepArgs, "sysctls" | "sharedKernel">;

/**
 * Kernel parameters, now and at every boot, and read back; and routes that networkd must leave alone. What settings had once and have no
 * more gets back its value. On a shared kernel those that count for the whole kernel are only ever raised, and never written down: other
 * hosts, and the one that lends the kernel, rely on them too.
 */
export const sysctls: Step = {
  name: "sysctls",

  commands(args) {
    const { exact, least } = divided(args);
    const action = args.sharedKernel
      ? `this host shares its kernel: set it ${ON_OWNER}, or remove it from homelab:sysctls`
      : "is the name right, and does the kernel allow the value? 'sysctl -w' says why not; what a module brings needs the module in homelab:modules";
    const { network, kernel } = SET_BY_KUBERNETES;
    // What counts for a whole kernel stays raised when one of its hosts is removed: others rely on it by then.
    const remembered = args.sharedKernel
      ? [...names(exact), ...network]
      : [...names(exact), ...names(least), ...network, ...kernel];
    return [
      `action=${quote(action)}`,
      `remember_sysctl ${quoteAll(remembered)}`,
      `release_sysctls ${quoteAll([SYSCTL_FILE, ...names(exact), ...names(least)])}`,
      ...(args.sharedKernel
        ? least.map((sysctl) => `raise_sysctl ${quoteAll(sysctl)} "$action"`)
        : [`keep_least ${LEAST_FILE} "$action" ${quoteAll(least.flat())}`.trimEnd()]),
      `write_file ${SYSCTL_FILE} 644 ${hereDocument(sysctlFile(exact))}`,
      ...exact.map(([name, value]) => `set_sysctl ${quoteAll([name, value])} "$action"`),
      LEAVE_ROUTES_ALONE,
    ].join("\n");
  },

  expected(args) {
    const { exact, least } = divided(args);
    return [
      expectedFile(SYSCTL_FILE, sysctlFile(exact)),
      // What is in it is decided on the host, by what it had before.
      ...(args.sharedKernel ? [] : [{ kind: "file", key: LEAST_FILE } satisfies ExpectedFact]),
      ...exact.map(([key, value]): ExpectedFact => ({ kind: "sysctl", key, value })),
      ...least.map(([key, value]): ExpectedFact => ({ kind: "sysctl-minimum", key, value })),
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

const names = (sysctls: readonly Sysctl[]) => sysctls.map(([name]) => name);

/** What must be exactly as the settings say, and what must be at least so: the needed least, where the settings don't name them. */
function divided(args: SysctlArgs): { exact: Sysctl[]; least: Sysctl[] } {
  // On a shared kernel those that count for it are only raised. Others are set as the settings say, or refused by the kernel.
  const isLeast = (name: string) => name in LEAST_SYSCTLS && (args.sharedKernel || !(name in args.sysctls));
  const all = Object.entries({ ...LEAST_SYSCTLS, ...NEEDED_SYSCTLS, ...args.sysctls })
    .map(([name, value]): Sysctl => [name, value.trim().replace(/\s+/g, " ")])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of all) {
    if (/[\n=]/.test(name) || value.includes("\n"))
      throw new Error(`sysctl ${JSON.stringify(name)} would be two lines`);
  }
  return { exact: all.filter(([name]) => !isLeast(name)), least: all.filter(([name]) => isLeast(name)) };
}

function sysctlFile(sysctls: readonly Sysctl[]): string {
  return `# Written by homelab.\n${sysctls.map(([name, value]) => `${name} = ${value}\n`).join("")}`;
}
