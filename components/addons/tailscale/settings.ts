import { z } from "zod";
import type { TailscaleSettings } from "../../../settings";
import { described, secretText, text } from "../../../settings/fields";
import * as format from "../../../settings/formats";
import { chartValues } from "../addon";

const tags = (description: string, standard: string) =>
  described(description, z.array(text(format.tailscaleTag, "Tag")).min(1, "needs at least one tag")).default([
    standard,
  ]);

const flag = (description: string) => described(description, z.boolean()).default(false);

export const tailscaleSchema = described(
  "Access from a tailnet",
  z.strictObject({
    enabled: flag("Install the Tailscale operator; it is left out until `addons.tailscale.oauth` is set"),
    oauth: described(
      "OAuth client of the operator and of the hosts, with write access to Devices Core, Auth Keys and Services",
      z.strictObject({
        clientId: text(format.loginName, "Id of the OAuth client"),
        clientSecret: secretText("Secret of the OAuth client"),
      }),
    ).optional(),
    loginServer: text(
      format.httpUrl,
      "Address of another control server with Tailscale's API; by default Tailscale's own",
    ).optional(),
    hostname: text(
      format.nodeName,
      "Name of the operator in the tailnet; by default the stack's name and `-operator`",
    ).optional(),
    tags: tags("Tags of the operator", "tag:k8s-operator"),
    proxyTags: tags("Tags of the devices that the operator makes; the operator's tag must own them", "tag:k8s"),
    apiServerProxy: flag("Reach the API server through the operator, as the person of the tailnet"),
    ingress: described(
      "Web pages that are shown in the tailnet, under the stack's name and their own",
      z.strictObject({
        argocd: flag("Argo CD"),
        hubble: flag("Hubble UI; needs `addons.cilium.hubble.ui`"),
      }),
    ).prefault({}),
    machines: described(
      "Tailscale on the hosts themselves, with or without the operator",
      z.strictObject({
        enabled: flag("Join each host to the tailnet; needs `addons.tailscale.oauth`, or a key of your own"),
        authKey: secretText("Reusable auth key, in place of one for each host that the OAuth client makes").optional(),
        tags: tags("Tags of the hosts", "tag:k8s-node"),
      }),
    ).prefault({}),
    values: chartValues,
  }),
).prefault({});

export type OAuthClient = NonNullable<TailscaleSettings["oauth"]>;

/** What of Tailscale is switched on and left out, by name, with the setting that is missing. */
export function tailscaleLeftOut({ enabled, oauth, machines }: TailscaleSettings): Record<string, string> {
  const id = "pulumi config set --path addons.tailscale.oauth.clientId";
  const secret = "pulumi config set --secret --path addons.tailscale.oauth.clientSecret";
  const client = `set the OAuth client, addons.tailscale.oauth (${id}, ${secret})`;
  return {
    ...(enabled && !oauth ? { tailscale: `there are no credentials: ${client}` } : {}),
    ...(machines.enabled && !oauth && !machines.authKey
      ? { "tailscale on the machines": `there are no credentials: ${client}, or addons.tailscale.machines.authKey` }
      : {}),
  };
}
