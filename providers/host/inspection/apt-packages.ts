import { quoteAll } from "../shell/quote";

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

/** The shell commands by which the inspection finds out what installing them would do; see `apt-facts.sh`. Pure. */
export function aptQuestions(wanted: readonly AptPackages[]): string {
  return wanted
    .map(({ name, url, fingerprint, suite, packages }) => {
      const items = packages.map((one) => [one.name, one.version, ...(one.replaces ?? [])].join(" "));
      return `apt_wanted ${quoteAll([name, url.replace(/\/+$/, ""), fingerprint, suite, ...items])}`;
    })
    .join("\n");
}
