import { z } from "zod";
import type { AddonsSettings, TailscaleSettings } from "../../../settings";
import { described, secretText, text } from "../../../settings/fields";
import * as format from "../../../settings/formats";
import { machineSubnet } from "../../../settings/machines";
import { isSet, valueOf } from "../../../settings/places";
import type { Rule } from "../../../settings/rule";
import { subnetsOverlap } from "../../../settings/subnets";
import { chartValues } from "../addon";

const tags = (description: string, standard: string) =>
  described(description, z.array(text(format.tailscaleTag, "Tag")).min(1, "needs at least one tag")).default([
    standard,
  ]);

const flag = (description: string) => described(description, z.boolean()).default(false);

export const schema = described(
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
export function leftOut({ tailscale: { enabled, oauth, machines } }: AddonsSettings): Record<string, string> {
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

/** Of it every tailnet takes the addresses of its devices. */
const TAILNET = "100.64.0.0/10";

/** Rules between Tailscale and the other settings. */
export const rule: Rule = (settings, report) => {
  const { tailscale } = settings.addons;
  const operator = valueOf(tailscale.enabled) === true;
  const machines = valueOf(tailscale.machines.enabled) === true;
  if (operator || machines) subnets(settings, report);
  pages(settings, report);
  if (machines) names(settings, report);
};

const subnets: Rule = (settings, report) => {
  const { podSubnet, serviceSubnet } = settings.cluster;
  for (const network of [podSubnet, serviceSubnet, machineSubnet(settings)]) {
    const subnet = network && valueOf(network);
    if (!network || subnet === undefined || !subnetsOverlap(subnet, TAILNET)) continue;
    report(network, `${subnet} overlaps ${TAILNET}, of which Tailscale takes its addresses; choose another subnet`);
  }
};

const pages: Rule = ({ addons: { argocd, cilium, tailscale } }, report) => {
  const shown = { argocd: argocd.enabled, hubble: cilium.hubble.ui };
  const names = { argocd: "addons.argocd.enabled", hubble: "addons.cilium.hubble.ui" };
  for (const page of ["argocd", "hubble"] as const) {
    const setting = tailscale.ingress[page];
    if (!valueOf(setting)) continue;
    if (!valueOf(tailscale.enabled)) report(setting, "true needs addons.tailscale.enabled");
    if (!valueOf(shown[page])) report(setting, `true needs ${names[page]}`);
  }
};

/** In the tailnet the stack's name is put before the names of hosts, of the operator and of its pages alike. */
const names: Rule = ({ addons: { tailscale }, machines }, report) => {
  if (!valueOf(tailscale.enabled)) return;
  const { argocd, hubble } = tailscale.ingress;
  const taken = [
    ...(isSet(tailscale.hostname) ? [] : ["operator"]),
    ...(valueOf(argocd) ? ["argocd"] : []),
    ...(valueOf(hubble) ? ["hubble"] : []),
  ];
  for (const { name } of machines.nodes) {
    const text = valueOf(name);
    if (text === undefined || !taken.includes(text)) continue;
    report(name, `${text} is what another device of this stack is called in the tailnet; choose another`);
  }
};
