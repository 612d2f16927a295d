import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import { Ingress } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { TailscaleDevices, TailscaleObjects } from "../../../providers/tailscale/resource";
import type { TailscaleSettings } from "../../../settings";
import { type Machine, sshTarget } from "../../../providers/machines/machine";
import { tailnetName } from "./tailnet-name";
import type { FetchedChart } from "../chart";
import { chartPath } from "../charts";
import type { HelmReleases } from "../helm-releases";
import { type OAuthClient, operatorClient } from "./tailscale-client";
import { mergeValues, type Values } from "../values";

export const NAMESPACE = "tailscale";
/** The name is the chart's. */
const OAUTH_SECRET = "operator-oauth";
const INGRESS_CLASS = "tailscale";
/** Images may come over a slow line, and the operator logs in before it is ready. */
const TIMEOUT_SECONDS = 600;

/** Web pages that the operator can show, and the service of each. Port 443 is spoken to by TLS, with any certificate. */
export const PAGES = {
  argocd: { namespace: "argocd", service: "argocd-server", port: 443 },
  hubble: { namespace: "kube-system", service: "hubble-ui", port: 80 },
} as const;
export type Page = keyof typeof PAGES;

export interface TailscaleArgs {
  /** Where its release is added. */
  releases: HelmReleases;
  chart: FetchedChart;
  settings: TailscaleSettings;
  client: OAuthClient;
  /** Where kubectl can be run. */
  controlPlane: Machine;
  /** Changes when the cluster is another one. */
  cluster: pulumi.Input<string>;
  /** What must be there first. */
  after: pulumi.Resource[];
}

/** The operator, which brings services and pages of the cluster into a tailnet. */
export class Tailscale extends pulumi.ComponentResource {
  readonly version: string;

  constructor(name: string, args: TailscaleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Tailscale", name, {}, opts);
    this.version = args.chart.version;
    const namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: NAMESPACE, labels: NAMESPACE_LABELS } },
      { parent: this, dependsOn: args.after },
    );
    const { clientId, clientSecret } = args.client;
    const oauth = new Secret(
      `${name}-oauth`,
      {
        metadata: { name: OAUTH_SECRET, namespace: NAMESPACE },
        data: pulumi.secret({ client_id: base64(clientId), client_secret: base64(clientSecret.reveal()) }),
      },
      { parent: this, dependsOn: namespace },
    );
    const release = args.releases.add(
      `${name}-release`,
      {
        name: "tailscale-operator",
        namespace: NAMESPACE,
        chart: chartPath(args.chart),
        values: mergeValues(
          args.chart.values,
          tailscaleValues(args.settings, args.client.clientId),
          args.settings.values,
        ),
        timeout: TIMEOUT_SECONDS,
      },
      { parent: this, dependsOn: oauth },
    );
    new TailscaleObjects(
      `${name}-objects`,
      { controlPlane: sshTarget(args.controlPlane), cluster: args.cluster },
      { parent: this, dependsOn: release },
    );
    this.registerOutputs();
  }
}

/** Its proxies set up the network of their pods. */
const NAMESPACE_LABELS = Object.fromEntries(
  ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "privileged"]),
);

/** The values that follow from the settings. */
export function tailscaleValues(settings: TailscaleSettings, clientId: string): Values {
  return {
    loginServer: settings.loginServer ?? "",
    operatorConfig: {
      hostname: operatorName(settings),
      defaultTags: [...settings.tags],
      // Credentials are read at start alone: another client starts the operator anew.
      podAnnotations: { "homelab/oauth-client": clientId },
    },
    ingressClass: { name: INGRESS_CLASS },
    proxyConfig: { defaultTags: settings.proxyTags.join(",") },
    // Text, as the chart compares it.
    apiServerProxyConfig: { mode: String(settings.apiServerProxy) },
  };
}

export interface TailscaleInstallation extends Omit<TailscaleArgs, "chart" | "client"> {
  chart?: FetchedChart;
  /** Where it goes: with the machines, if those are thrown away. */
  inCluster: pulumi.CustomResourceOptions & { parent: pulumi.Resource };
}

/** The operator and what belongs to it, where it is switched on and has credentials. */
export function installTailscale(args: TailscaleInstallation): Tailscale | undefined {
  const { releases, chart, settings, controlPlane, cluster, inCluster } = args;
  const client = operatorClient(settings);
  if (!chart || !client) return undefined;
  const devices = new TailscaleDevices(
    "tailscale-devices",
    {
      access: pulumi.secret({
        clientId: client.clientId,
        clientSecret: client.clientSecret.reveal(),
        loginServer: settings.loginServer ?? "",
      }),
      hostnames: [operatorName(settings), ...pagesOf(settings).map((page) => tailnetName(page))],
      cluster,
    },
    // It waits for nothing, so that a client that is refused shows early; and machines that go don't take devices along.
    { parent: inCluster.parent },
  );
  const after = [devices, ...args.after];
  return new Tailscale("tailscale", { releases, chart, settings, client, controlPlane, cluster, after }, inCluster);
}

/**
 * The pages that are switched on: `https://<stack>-<page>.<tailnet>.ts.net`. Each is made after what it shows, and goes before the
 * operator does, which takes its device back.
 */
export function showPages(
  settings: TailscaleSettings,
  after: { tailscale: pulumi.Resource; argocd?: pulumi.Resource },
  opts: pulumi.CustomResourceOptions,
): void {
  for (const page of pagesOf(settings)) {
    const { namespace, service, port } = PAGES[page];
    const shown = page === "argocd" && after.argocd ? [after.argocd] : [];
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
      { ...opts, dependsOn: [after.tailscale, ...shown] },
    );
  }
}

/** The pages that are switched on. */
export function pagesOf(settings: TailscaleSettings): Page[] {
  return (Object.keys(PAGES) as Page[]).filter((page) => settings.ingress[page]);
}

function operatorName(settings: TailscaleSettings): string {
  return settings.hostname ?? tailnetName("operator");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
