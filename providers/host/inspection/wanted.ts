import { quote, quoteAll } from "../shell/quote";

/** What the steps will bring to a host, for what the preflight asks of it. */
export interface Wanted {
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

/** The shell text by which `apt-facts.sh` and `containerd-facts.sh` know what is wanted. Pure. */
export function questions({ packages, runtimes = [] }: Wanted): string {
  const asked = packages.map(aptQuestion).join("\n") || ":";
  const programs = runtimes.flatMap(({ binary }) => binary ?? []);
  return `runtime_programs=${quote(programs.join(" "))}\nwanted_of_apt() {\n${asked}\n}`;
}

function aptQuestion({ name, url, fingerprint, suite, packages }: AptPackages): string {
  const items = packages.map((one) => [one.name, one.version, ...(one.replaces ?? [])].join(" "));
  return `apt_wanted ${quoteAll([name, url.replace(/\/+$/, ""), fingerprint, suite, ...items])}`;
}
