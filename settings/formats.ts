import * as ipaddr from "ipaddr.js";
import { type Format, pattern } from "./fields";

/** Formats of single values that several topics have; one of a single topic is beside its schema. */

/** Dotted decimal, four parts, no leading zeros: `010` is octal to some programs and decimal to others. */
export const ipv4: Format = (value) => {
  if (isIpv4(value)) return undefined;
  if (value.includes("/") && isIpv4(value.split("/")[0] ?? "")) {
    return `is not an IPv4 address; did you mean ${value.split("/")[0]}?`;
  }
  const [host = "", port] = value.split(":");
  if (port !== undefined && isIpv4(host))
    return `is not an IPv4 address; did you mean ${host}? A port has a setting of its own`;
  const completed = completeSubnet(value);
  return `is not an IPv4 address${completed ? `; did you mean ${completed}?` : ", such as 10.90.0.11"}`;
};

export function isIpv4(value: string): boolean {
  return /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(value) && ipaddr.IPv4.isValidFourPartDecimal(value);
}

/** `10.0.0` → `10.0.0.0/24`: what was meant where the last parts are left out. */
function completeSubnet(value: string): string | undefined {
  const parts = value.replace(/\.$/, "").split(".");
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return `${[...parts, "0", "0"].slice(0, 4).join(".")}/${parts.length * 8}`;
}

/** An IPv4 subnet in CIDR notation whose host bits are zero. */
export const subnet: Format = (value) => {
  const [address = "", length = "", ...rest] = value.split("/");
  if (isIpv4(value)) return `is an address, not a subnet; did you mean ${networkOf(value, 24)}/24?`;
  const hasLength = /^(0|[1-9]\d?)$/.test(length) && Number(length) <= 32 && rest.length === 0;
  if (!isIpv4(address) || !hasLength) {
    const completed = completeSubnet(address)?.replace(/\d+$/, (whole) => (hasLength ? length : whole));
    return `is not an IPv4 subnet${completed ? `; did you mean ${completed}?` : ", such as 10.90.0.0/24"}`;
  }
  const network = networkOf(address, Number(length));
  return network === address ? undefined : `has bits behind its prefix; did you mean ${network}/${length}?`;
};

function networkOf(address: string, length: number): string {
  return ipaddr.IPv4.networkAddressFromCIDR(`${address}/${length}`).toString();
}

/** RFC 1123 label, as part of an expression. */
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/** RFC 1123 subdomain. */
export const dnsName: Format = pattern(
  new RegExp(`^${LABEL}(\\.${LABEL})*$`),
  253,
  "is not a DNS name: lower-case letters, digits, hyphens and dots (RFC 1123)",
);

export const hostOrAddress: Format = (value) => {
  if (/^[\d.]+$/.test(value)) return ipv4(value);
  return dnsName(value) && "is neither an IPv4 address nor a DNS name; a port has a setting of its own";
};

export const httpUrl: Format = (value) => {
  if (/^[a-z]+:\/\/[^/]*@/i.test(value))
    return "has a user or password in it, which anyone could read in the settings and on the hosts";
  const url = /^https?:\/\/([a-z0-9.-]+)(?::(\d{1,5}))?(\/[A-Za-z0-9._~:/%+-]*)?$/.exec(value);
  const ok = url && value.length <= 512 && !hostOrAddress(url[1] ?? "") && Number(url[2] ?? 80) <= 65535;
  return ok ? undefined : "is not a plain http or https address, such as http://10.90.0.1:5080/charts";
};

/** http(s), no user and password, no query. `{distribution}` and `{minor}` are the only placeholders. */
export const mirrorUrl: Format = (value) => httpUrl(value.replaceAll("{distribution}", "x").replaceAll("{minor}", "x"));

const pathOfPlainNames: Format = pattern(/^(\/[A-Za-z0-9_.@-]+)+$/, 200, "");

export const absolutePath: Format = (value) => {
  const complaint = pathOfPlainNames(value);
  if (complaint) return complaint;
  const ok = complaint === undefined && !value.split("/").some((part) => part === "." || part === "..");
  return ok
    ? undefined
    : "is not an absolute path of letters, digits and _ . @ -, without '..' and without a slash at the end";
};

/** RFC 1123 label: Kubernetes' rule for a node's name (without dots, so that it is a hostname everywhere). */
export const nodeName: Format = (value) => {
  const complaint = pattern(new RegExp(`^${LABEL}$`), 63, "")(value);
  if (complaint === undefined) return value === "localhost" ? "is every host's own name" : undefined;
  if (complaint) return complaint;
  const repaired = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const hint = repaired && repaired.length <= 63 ? `; did you mean ${JSON.stringify(repaired)}?` : "";
  return `is not a node name: lower-case letters, digits and hyphens, starting and ending with a letter or digit (RFC 1123)${hint}`;
};

/** Login names and ids of accounts elsewhere. */
export const loginName: Format = pattern(/^[A-Za-z0-9][A-Za-z0-9._$@+-]*$/, 256, "is not a login name");

/** A folder of a Git repository: `.`, or a path from its top without `.` and `..` in it. */
export const gitPath: Format = pattern(
  /^(\.|(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9._][A-Za-z0-9._-]*(\/[A-Za-z0-9._-]+)*)$/,
  256,
  "is not a folder of a repository, such as . or clusters/home",
);

/** Revisions of a Git repository. */
export const gitWord: Format = pattern(
  /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
  256,
  "has characters that a path or revision in Git does not need",
);

export const tailscaleTag: Format = pattern(/^tag:[a-zA-Z][a-zA-Z0-9-]*$/, 64, "is not a tag, such as tag:k8s");
