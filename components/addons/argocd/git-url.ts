import * as ipaddr from "ipaddr.js";
import type { Format } from "../../../settings/fields";

const USER = "[A-Za-z0-9._~+-]+";
/** A name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = String.raw`[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]`;
const PORT = String.raw`(?::(?<port>\d{1,5}))?`;
/** Characters of a path (RFC 3986), others as `%20`. */
const PATH = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+";

const HTTP = new RegExp(`^https?://(?:(?<user>${USER})@)?(?<host>${HOST})${PORT}/(?<path>${PATH})$`);
const SSH = new RegExp(`^ssh://${USER}@(?<host>${HOST})${PORT}/${PATH}$`);
/** As scp writes it. Argo CD can't read an IPv6 address in it, and takes an address without a user for none over SSH. */
const SCP = new RegExp(`^${USER}@(?<host>[A-Za-z0-9._-]+):${PATH}$`);

const MAX_LENGTH = 512;
const COMPLAINT = "is not the address of a Git repository: https://, ssh:// or user@host:path, without a password";

/** The address of a repository as Git takes it, as far as Argo CD takes it too. */
export const gitUrl: Format = (value) => {
  const complaint = complaintOf(value);
  if (complaint !== COMPLAINT) return complaint;
  const meant = suggestions(value).find((one) => complaintOf(one) === undefined);
  return meant ? `${complaint}; did you mean ${meant}?` : complaint;
};

const complaintOf: Format = (value) => {
  const found = HTTP.exec(value) ?? SSH.exec(value) ?? SCP.exec(value);
  const { user, host = "", port, path = "" } = found?.groups ?? {};
  if (!found || value.length > MAX_LENGTH || !isHost(host) || Number(port ?? 0) > 65535) return COMPLAINT;
  return user === undefined || isPlainUser(user, path)
    ? undefined
    : "has a user in it that may be a token, which anyone could read in the settings; set gitops.username and gitops.password";
};

function isHost(host: string): boolean {
  return !host.startsWith("[") || ipaddr.IPv6.isValid(host.slice(1, -1));
}

/** Servers take a token in the place of a user. Azure's own addresses have the organisation there, which the path begins with. */
function isPlainUser(user: string, path: string): boolean {
  return path.startsWith(`${user}/`) || (user.length < 20 && !/^(gh[a-z]|github_pat|glpat)[_-]/.test(user));
}

/** What may have been meant. A text with a password in it is not repeated. */
function suggestions(value: string): string[] {
  if (/:[^/@]+@/.test(value)) return [];
  const plain = value.trim().replaceAll(" ", "%20");
  const [, user = "", address = "", path = ""] = /^([^@/]+@)?(\[[0-9A-Fa-f:.]+\]):(.*)$/.exec(plain) ?? [];
  return [
    plain,
    // What browsers show has no scheme.
    ...(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?\//.test(plain) ? [`https://${plain}`] : []),
    ...(address ? [`ssh://${user || "git@"}${address}/${path}`] : []),
    ...(/^ssh:\/\/[^@]+$/.test(plain) ? [plain.replace("ssh://", "ssh://git@")] : []),
    ...(/^[A-Za-z0-9.-]+:(?!\/)/.test(plain) ? [`git@${plain}`] : []),
  ];
}
