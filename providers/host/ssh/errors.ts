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

export interface HostErrorParts extends About {
  kind: HostErrorKind;
  /** Why it failed; no secrets. */
  why: string;
  /** What the person at the terminal should do. */
  next: string;
}

/** An error of one host, as the person at the terminal reads it: host first, then what, why, and what to do next. */
export class HostError extends Error {
  readonly kind: HostErrorKind;
  readonly host: string;
  readonly why: string;
  readonly next: string;

  constructor(parts: HostErrorParts, options?: ErrorOptions) {
    super(`${parts.host}: ${parts.doing} failed: ${parts.why}. ${parts.next}`, options);
    this.name = "HostError";
    this.kind = parts.kind;
    this.host = parts.host;
    this.why = parts.why;
    this.next = parts.next;
  }
}
