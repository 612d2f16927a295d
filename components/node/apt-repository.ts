import type { ExpectedFact } from "../../providers/host/facts/expected";
import { quoteAll } from "../../providers/host/shell/quote";

/** An apt repository whose key is pinned. */
export interface AptRepository {
  /** `{distribution}` in it becomes debian or ubuntu on the host. */
  url: string;
  /** Of the repository's primary key: 40 hex digits. */
  fingerprint: string;
}

interface Source extends AptRepository {
  /** Names the files: `homelab-<name>`. */
  name: string;
  /** The key's path under the URL; `{codename}` in it becomes the release's name on the host, as bookworm. */
  keyPath: string;
  /** What follows the URL in the source list; `{codename}` as in `keyPath`. */
  suite: string;
}

/** The shell command that sees to it that the key is the pinned one and the source list is there. */
export function aptRepositoryCommand({ name, url, keyPath, fingerprint, suite }: Source): string {
  const pinned = fingerprint.replaceAll(" ", "").toUpperCase();
  return `apt_repository ${quoteAll([name, url.replace(/\/+$/, ""), keyPath, pinned, suite])}`;
}

/** What they hold is decided on the host, by its distribution and architecture. */
export function aptRepositoryExpected(name: string): ExpectedFact[] {
  return [
    { kind: "file", key: `/etc/apt/keyrings/homelab-${name}.gpg` },
    { kind: "file", key: `/etc/apt/sources.list.d/homelab-${name}.list` },
  ];
}
