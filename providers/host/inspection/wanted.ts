import { readShell } from "../shell/library";
import { hereDocument, quote, quoteAll } from "../shell/quote";

/** What the steps will bring to a host, for what the preflight asks of it. */
export interface Wanted {
  /** Kernel modules; left out: those of every node. */
  modules?: readonly string[];
  /** The host's firewall is tried with packets between it and a pod; left out: it isn't. */
  firewall?: {
    /** IPv4 address of the node, and one of a pod. */
    node: string;
    pod: string;
    /** TCP ports of the host to which pods connect. */
    ports: readonly number[];
  };
  packages: readonly AptPackages[];
  /** containerd's runtimes beside runc; left out: none. */
  runtimes?: readonly { name: string; binary?: string }[];
}

/** Packages in exact versions from a repository of others, whose key is pinned. */
export interface AptPackages {
  /** Names the files of the repository on the host: `homelab-<name>`. */
  name: string;
  /** `{distribution}` in it becomes debian or ubuntu on the host. */
  url: string;
  /** Of the repository's primary key: 40 hex digits. */
  fingerprint: string;
  /** The key's path under the URL; `{codename}` in it becomes the release's name on the host, as bookworm. */
  keyPath: string;
  /** What follows the URL in the source list; `{codename}` as in `keyPath`. */
  suite: string;
  packages: readonly AptPackage[];
}

interface AptPackage {
  name: string;
  /** A distribution's suffix is allowed for. */
  version: string;
  /** Packages that it replaces: they can't be installed beside it. */
  replaces?: readonly string[];
}

/**
 * Kernel modules that the steps of every node load, for the layers of images. Not br_netfilter: kubeadm asks for it no more since 1.30
 * (kubernetes#123464), Cilium without a kube-proxy never did (cilium#9229), and it shows the traffic between a host's virtual machines
 * to iptables.
 */
export const NODE_MODULES: readonly string[] = ["overlay"];

/** The shell text by which the files of the preflight's facts know what is wanted. */
export function questions({ packages, runtimes = [], modules = NODE_MODULES, firewall }: Wanted): string {
  const asked = packages.map(aptQuestion).join("\n") || ":";
  const programs = runtimes.flatMap(({ binary }) => binary ?? []);
  const { node = "", pod = "", ports = [] } = firewall ?? {};
  const probe = firewall ? readShell(__dirname, "../preflight/probe.pl") : "\n";
  return `needed_modules=${quote(modules.join(" "))}
node=${quote(node)} pod=${quote(pod)} ports=${quote(ports.join(" "))}
probe_program=$(cat ${hereDocument(probe)}
)
runtime_programs=${quote(programs.join(" "))}\nwanted_of_apt() {\n${asked}\n}`;
}

function aptQuestion({ name, url, fingerprint, suite, packages }: AptPackages): string {
  const items = packages.map((one) => [one.name, one.version, ...(one.replaces ?? [])].join(" "));
  return `apt_wanted ${quoteAll([name, url.replace(/\/+$/, ""), fingerprint, suite, ...items])}`;
}
