import type { ExpectedFact } from "../../providers/host/facts/expected";
import type { AptPackages } from "../../providers/host/inspection/wanted";
import type { AcceptableName } from "../../providers/host/preflight/finding-names";
import { quote, quoteAll } from "../../providers/host/shell/quote";

/** An apt repository whose key is pinned. */
export interface AptRepository {
  /** `{distribution}` in it becomes debian or ubuntu on the host. */
  url: string;
  /** Of the repository's primary key: 40 hex digits. */
  fingerprint: string;
}

/** What the user accepts of an installation. */
const OF_APT: readonly AcceptableName[] = ["docker-removed", "package-downgraded"];

/**
 * The shell commands that see to it that the key is the pinned one and a source list is there, and install exactly these
 * versions.
 */
export function installPackages(wanted: AptPackages, accepted: readonly AcceptableName[] = []): string {
  const { name, url, keyPath, fingerprint, suite } = aptSource(wanted);
  const consents = OF_APT.filter((one) => accepted.includes(one));
  return `${consents.length === 0 ? "" : `accepted=${quote(consents.join(" "))}\n`}apt_repository ${quoteAll([name, url, keyPath, fingerprint, suite])}
apt_packages ${quoteAll(wanted.packages.map((one) => `${one.name}=${one.version}`))}`;
}

/** With the address and the fingerprint as the host's commands compare them. */
export function aptSource({ name, url, keyPath, fingerprint, suite }: AptPackages) {
  const pinned = fingerprint.replaceAll(" ", "").toUpperCase();
  return { name, url: url.replace(/\/+$/, ""), keyPath, fingerprint: pinned, suite };
}

/** What they hold is decided on the host: by its distribution and architecture, and by whether another list has the repository. */
export function packagesExpected({ name, packages }: AptPackages): ExpectedFact[] {
  return [
    { kind: "file", key: `/etc/apt/keyrings/homelab-${name}.gpg` },
    { kind: "file", key: `/etc/apt/sources.list.d/homelab-${name}.list` },
    ...packages.flatMap((one): ExpectedFact[] => [
      { kind: "package", key: one.name, value: one.version },
      { kind: "hold", key: one.name, value: "hold" },
    ]),
  ];
}
