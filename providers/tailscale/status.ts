import { HostError } from "../host/ssh/errors";

/** What `tailscale status --json` says of the host itself. */
export interface TailscaleStatus {
  /** As tailscaled names it: NeedsLogin, Running, … */
  state: string;
  /** The device's id in the tailnet; empty before the first login. */
  device: string;
  addresses: string[];
  tags: string[];
}

/** A login shell may print something before the JSON. */
export function parseStatus(text: string, host: string): TailscaleStatus {
  try {
    const status = JSON.parse(text.slice(text.indexOf("{"))) as {
      BackendState?: string;
      TailscaleIPs?: string[] | null;
      Self?: { ID?: string; Tags?: string[] | null } | null;
    };
    return {
      state: status.BackendState ?? "",
      device: status.Self?.ID ?? "",
      addresses: status.TailscaleIPs ?? [],
      tags: status.Self?.Tags ?? [],
    };
  } catch {
    throw new HostError({
      kind: "command",
      host,
      doing: "asking tailscaled for its status",
      problem: "'tailscale status --json' printed something else than JSON",
      action: "Run it on the host to see what; is another program of that name on the PATH?",
    });
  }
}
