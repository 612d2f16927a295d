import type { Claim } from "../../providers/host/shell/claims";
import { quote } from "../../providers/host/shell/quote";

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
  /** The key's path under the URL. */
  keyPath: string;
  /** What follows the URL in the source list, as shell words that may use `$VERSION_CODENAME`. */
  suite: string;
}

/** Shell commands that see to it that the key is the pinned one and the source list is there. */
export function aptRepositoryCommands(source: Source): string {
  const url = quote(source.url.replace(/\/+$/, ""));
  return `. /etc/os-release
url=${url}
url=\${url//'{distribution}'/$ID}
apt_key "$url/${source.keyPath}" ${quote(normalised(source.fingerprint))} ${keyring(source.name)}
echo "deb [arch=$(dpkg --print-architecture) signed-by=${keyring(source.name)}] $url${source.suite}" |
  write_file ${sourceList(source.name)} 644`;
}

/** What stands in them is decided on the host, by its distribution and architecture. */
export function aptRepositoryClaims(name: string): Claim[] {
  return [
    { kind: "file", key: keyring(name) },
    { kind: "file", key: sourceList(name) },
  ];
}

export function sourceList(name: string): string {
  return `/etc/apt/sources.list.d/homelab-${name}.list`;
}

function keyring(name: string): string {
  return `/etc/apt/keyrings/homelab-${name}.gpg`;
}

function normalised(fingerprint: string): string {
  return fingerprint.replaceAll(" ", "").toUpperCase();
}
