import type { Diagnosis } from "../../diagnosis";

/**
 * What went wrong on a host:
 * - `unreachable`: no SSH session came about in the time allowed, or the connection died. Worth another try later.
 * - `authentication`: the user is not let in: the host or its bastion refused the key, or sudo the password. Permanent; never
 *   tried again by itself.
 * - `host-key`: the host or its bastion is not the one that is pinned. Permanent; nothing was sent to it.
 * - `timeout`: a command ran longer than it may; it may still be running on the host.
 * - `command`: a command failed.
 */
export type HostErrorKind = "unreachable" | "authentication" | "host-key" | "timeout" | "command";

/** How an error begins. */
export interface About {
  /** The host's name in the settings. */
  host: string;
  /** What was being done, as in "installing containerd". */
  doing: string;
}

interface HostErrorParts extends About, Omit<Diagnosis, "subject"> {
  kind: HostErrorKind;
}

/** An error of one host, as the person at the terminal reads it: the host, what was being done, the problem, what to do. */
export class HostError extends Error implements Diagnosis {
  readonly kind: HostErrorKind;
  readonly subject: string;
  readonly problem: string;
  readonly action: string;

  constructor(parts: HostErrorParts, options?: ErrorOptions) {
    super(`${parts.host}: ${parts.doing} failed: ${parts.problem}. ${parts.action}`, options);
    this.name = "HostError";
    this.kind = parts.kind;
    this.subject = parts.host;
    this.problem = parts.problem;
    this.action = parts.action;
  }
}
