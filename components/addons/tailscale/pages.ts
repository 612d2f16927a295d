import { Ingress } from "@pulumi/kubernetes/networking/v1";
import type { TailscaleSettings } from "../../../settings";
import type { AddonContext, Components } from "../addon";
import { tailnetName } from "./tailnet-name";

export const INGRESS_CLASS = "tailscale";

/** Web pages that the operator can show, and the service of each. Port 443 is spoken to by TLS, with any certificate. */
export const PAGES = {
  argocd: { namespace: "argocd", service: "argocd-server", port: 443 },
  hubble: { namespace: "kube-system", service: "hubble-ui", port: 80 },
} as const;
type Page = keyof typeof PAGES;

/** The pages that are switched on. */
export function pagesOf(settings: TailscaleSettings): Page[] {
  return (Object.keys(PAGES) as Page[]).filter((page) => settings.ingress[page]);
}

/**
 * The pages that are switched on: `https://<stack>-<page>.<tailnet>.ts.net`. Each is made after the add-on that it shows, and is deleted
 * before the operator, which takes its device back.
 */
export function finish({ settings, inCluster }: AddonContext, { tailscale, argocd }: Components): void {
  for (const page of pagesOf(settings.addons.tailscale)) {
    const { namespace, service, port } = PAGES[page];
    const shown = page === "argocd" ? argocd : undefined;
    new Ingress(
      `tailscale-${page}`,
      {
        metadata: { name: `tailscale-${page}`, namespace },
        spec: {
          ingressClassName: INGRESS_CLASS,
          defaultBackend: { service: { name: service, port: { number: port } } },
          tls: [{ hosts: [tailnetName(page)] }],
        },
      },
      { ...inCluster, dependsOn: [tailscale, shown].filter((one) => one !== undefined) },
    );
  }
}
