import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { sshTarget } from "../../../providers/machines/machine";
import { TailscaleDevices, TailscaleObjects } from "../../../providers/tailscale/resource";
import type { TailscaleSettings } from "../../../settings";
import type { AddonContext, Installed } from "../addon";
import { mergeValues, type Values } from "../values";
import { INGRESS_CLASS, pagesOf } from "./pages";
import type { OAuthClient } from "./settings";
import { tailnetName } from "./tailnet-name";

export { finish } from "./pages";

const NAMESPACE = "tailscale";
/** The name is the chart's. */
const OAUTH_SECRET = "operator-oauth";
/** Images may come over a slow line, and the operator logs in before it is ready. */
const TIMEOUT_SECONDS = 600;

export function install(context: AddonContext): Installed {
  const { cluster, inCluster } = context;
  const { tailscale: settings } = context.settings.addons;
  const { oauth: client } = settings;
  if (!client) throw new Error("Tailscale's operator has no OAuth client");
  const devices = new TailscaleDevices(
    "tailscale-devices",
    {
      access: pulumi.secret({
        clientId: client.clientId,
        clientSecret: client.clientSecret.reveal(),
        loginServer: settings.loginServer ?? "",
      }),
      hostnames: [operatorName(settings), ...pagesOf(settings).map((page) => tailnetName(page))],
      cluster: cluster.identity,
    },
    // It waits for nothing, so that a client that is refused shows early; and deleted machines don't take devices along.
    { parent: inCluster.parent },
  );
  return { component: new Tailscale("tailscale", context, client, [devices, ...context.ready]) };
}

/** The operator, which brings services and pages of the cluster into a tailnet. */
class Tailscale extends pulumi.ComponentResource {
  constructor(name: string, context: AddonContext, client: OAuthClient, after: pulumi.Resource[]) {
    super("homelab:platform:Tailscale", name, {}, context.inCluster);
    const { cluster, chart } = context;
    const { tailscale: settings } = context.settings.addons;
    const namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: NAMESPACE, labels: NAMESPACE_LABELS } },
      { parent: this, dependsOn: after },
    );
    const oauth = new Secret(
      `${name}-oauth`,
      {
        metadata: { name: OAUTH_SECRET, namespace: NAMESPACE },
        data: pulumi.secret({
          client_id: base64(client.clientId),
          client_secret: base64(client.clientSecret.reveal()),
        }),
      },
      { parent: this, dependsOn: namespace },
    );
    const release = context.releases.add(
      `${name}-release`,
      {
        name: "tailscale-operator",
        namespace: NAMESPACE,
        chart,
        values: mergeValues(chart.values, tailscaleValues(settings, client.clientId), settings.values),
        timeout: TIMEOUT_SECONDS,
      },
      { parent: this, dependsOn: oauth },
    );
    new TailscaleObjects(
      `${name}-objects`,
      { controlPlane: sshTarget(cluster.controlPlane), cluster: cluster.identity },
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
      // Credentials are read at start alone: another client restarts the operator.
      podAnnotations: { "homelab/oauth-client": clientId },
    },
    ingressClass: { name: INGRESS_CLASS },
    proxyConfig: { defaultTags: settings.proxyTags.join(",") },
    // Text, as the chart compares it.
    apiServerProxyConfig: { mode: String(settings.apiServerProxy) },
  };
}

function operatorName(settings: TailscaleSettings): string {
  return settings.hostname ?? tailnetName("operator");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
