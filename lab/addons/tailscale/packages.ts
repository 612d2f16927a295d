import * as fs from "node:fs";
import * as path from "node:path";
import { versions } from "../../../versions";
import { indexedPackage, packagesIndex, writeRelease } from "../../packages/apt-repository";
import { buildDeb, type Deb, debianArchitecture } from "../../packages/deb";
import { dockerSuites } from "../../packages/debs";
import { startedService } from "../../packages/package-files";
import { publicKey } from "../../packages/signing";

const UNIT = "tailscaled.service";

/** The unit, as Tailscale's package lays it out. */
const SERVICE = `[Unit]
Description=Tailscale node agent
Documentation=https://tailscale.com/docs/
Wants=network-pre.target
After=network-pre.target NetworkManager.service systemd-resolved.service

[Service]
EnvironmentFile=/etc/default/tailscaled
ExecStart=/usr/sbin/tailscaled --state=/var/lib/tailscale/tailscaled.state --socket=/run/tailscale/tailscaled.sock --port=\${PORT} $FLAGS
ExecStopPost=/usr/sbin/tailscaled --cleanup
Restart=on-failure
RuntimeDirectory=tailscale
RuntimeDirectoryMode=0755
StateDirectory=tailscale
StateDirectoryMode=0700
CacheDirectory=tailscale
CacheDirectoryMode=0750
Type=notify

[Install]
WantedBy=multi-user.target
`;

/** The package tailscale, with `tailscale` and `tailscaled` from a folder. */
export function tailscaleDeb(folder: string): Deb {
  const defaults = "/etc/default/tailscaled";
  return {
    name: "tailscale",
    version: versions.tailscale,
    summary: "The easiest, most secure, cross platform way to use WireGuard + oauth2 + 2FA/SSO",
    binaries: {
      "/usr/bin/tailscale": path.join(folder, "tailscale"),
      "/usr/sbin/tailscaled": path.join(folder, "tailscaled"),
    },
    texts: { [`/usr/lib/systemd/system/${UNIT}`]: SERVICE, [defaults]: `PORT="41641"\nFLAGS=""\n` },
    conffiles: [defaults],
    scripts: startedService(UNIT),
  };
}

/** Builds the lab's copy of pkgs.tailscale.com's repositories of Debian and Ubuntu: one package, in the index of each release. */
export async function buildTailscaleRepository(repository: string, deb: Deb, program: string): Promise<void> {
  const pool = path.join(repository, "pool");
  fs.mkdirSync(pool, { recursive: true });
  const index = packagesIndex([await indexedPackage(repository, await buildDeb(deb, pool))]);
  const key = await publicKey(program);
  for (const suite of Object.keys(dockerSuites)) {
    const indexes = { [`main/binary-${debianArchitecture()}/Packages`]: index };
    const fields = { label: "Tailscale", suite, components: ["main"] };
    const folder = path.join(repository, "dists", suite);
    fs.mkdirSync(folder, { recursive: true });
    await writeRelease(folder, fields, indexes, program);
    fs.writeFileSync(path.join(repository, `${suite}.noarmor.gpg`), key);
  }
}
