import type { TailscaleSettings } from "../../../settings";

export type OAuthClient = NonNullable<TailscaleSettings["oauth"]>;

/** The OAuth client, where the operator is switched on and has one. */
export function operatorClient(settings: TailscaleSettings): OAuthClient | undefined {
  return settings.enabled ? settings.oauth : undefined;
}

/** What of Tailscale is switched on and left out, by name, with the setting that is missing. */
export function tailscaleLeftOut(settings: TailscaleSettings): Record<string, string> {
  const { enabled, oauth, machines } = settings;
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
