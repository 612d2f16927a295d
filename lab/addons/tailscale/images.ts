import * as path from "node:path";
import { versions } from "../../../versions";
import { accounts, type Entry, type Image, trusted } from "../../packages/image";

/**
 * The operator, and the proxy that it starts for each page. The proxy has no iptables: it shows pages, and no services as they are,
 * which need those.
 */
export function tailscaleImages(sources: { tailscale: string; debian: string }): Image[] {
  const bin = "/usr/local/bin";
  const program = (name: string, as = name): Entry => ({
    path: `${bin}/${as}`,
    file: path.join(sources.tailscale, name),
  });
  const base = [...accounts, trusted(sources.debian)];
  const env = [`PATH=${bin}:/usr/bin:/bin`];
  return [
    {
      reference: `docker.io/tailscale/k8s-operator:v${versions.tailscale}`,
      layers: [{ entries: [...base, program("k8s-operator", "operator")] }],
      entrypoint: [`${bin}/operator`],
      env,
    },
    {
      reference: `docker.io/tailscale/tailscale:v${versions.tailscale}`,
      layers: [{ entries: [...base, ...["containerboot", "tailscale", "tailscaled"].map((name) => program(name))] }],
      entrypoint: [`${bin}/containerboot`],
      env,
    },
  ];
}
