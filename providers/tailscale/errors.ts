import type { TailnetAccess } from "./api";

/**
 * What went wrong with the tailnet's API:
 * - `credentials`: the OAuth client is unknown, expired or revoked, or may not do this.
 * - `unreachable`: no answer.
 * - `refused`: it answered something else.
 */
export type TailnetErrorKind = "credentials" | "unreachable" | "refused";

const NEXT: Record<TailnetErrorKind, string> = {
  credentials:
    "It has expired, was revoked, or lacks rights (write access to Devices Core, Auth Keys and Services, and the tags). Make another one in the admin console, then: pulumi config set --path addons.tailscale.oauth.clientId, and with --secret addons.tailscale.oauth.clientSecret",
  unreachable: "Check that it can be reached from the workstation; addons.tailscale.loginServer says where",
  refused: "Fix what it says and run the same command again; docs/tailscale.md says what the tailnet needs",
};

/** An error of the tailnet's API: which credential was used, what was being done, why it failed, what to do next. */
export class TailnetError extends Error {
  constructor(
    readonly kind: TailnetErrorKind,
    access: TailnetAccess,
    doing: string,
    why: string,
  ) {
    // Some services repeat in their answer what they were asked with.
    const safe = why.replaceAll(access.clientSecret, "…");
    super(
      `tailnet: ${doing} with the OAuth client ${access.clientId} (addons.tailscale.oauth) failed: ${safe}. ${NEXT[kind]}`,
    );
    this.name = "TailnetError";
  }
}
