import { warn } from "../warn";
import type { Diagnosis } from "../diagnosis";

/**
 * What went wrong with the tailnet's API:
 * - `credentials`: the OAuth client is unknown, expired or revoked, or may not do this.
 * - `unreachable`: no answer.
 * - `refused`: it answered something else.
 */
type TailnetErrorKind = "credentials" | "unreachable" | "refused";

const ACTIONS: Record<TailnetErrorKind, string> = {
  credentials:
    "It has expired, was revoked, or lacks rights (write access to Devices Core, Auth Keys and Services, and the tags). Make another one in the admin console, then: pulumi config set --path addons.tailscale.oauth.clientId, and with --secret addons.tailscale.oauth.clientSecret",
  unreachable: "Check that it can be reached from the workstation; addons.tailscale.loginServer says where",
  refused: "Fix what it says and run the same command again; docs/tailscale.md says what the tailnet needs",
};

/** An error of the tailnet's API: which credential was used, what was being done, why it failed, what to do next. */
export class TailnetError extends Error implements Diagnosis {
  readonly subject = "tailnet";
  readonly problem: string;
  readonly action: string;

  constructor(
    readonly kind: TailnetErrorKind,
    /** The OAuth client. */
    access: { clientId: string; clientSecret: string },
    doing: string,
    why: string,
  ) {
    // Some services repeat in their answer what they were asked with.
    const safe = why.replaceAll(access.clientSecret, "…");
    const problem = `${doing} with the OAuth client ${access.clientId} (addons.tailscale.oauth) failed: ${safe}`;
    super(`tailnet: ${problem}. ${ACTIONS[kind]}`);
    this.problem = problem;
    this.action = ACTIONS[kind];
    this.name = "TailnetError";
  }
}

/**
 * Work in the tailnet whose failure stops nothing else: neither `destroy` nor the rest of a `refresh`. Where the
 * service refuses or can't be reached, a warning takes its place.
 *
 * @param doing what is skipped then.
 * @param otherwise the answer then.
 */
export async function unlessRefused<Result>(
  doing: string,
  otherwise: Result,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TailnetError)) throw error;
    warn(`${doing}: skipped, ${error.message}`);
    return otherwise;
  }
}
