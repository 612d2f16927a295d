import * as ipaddr from "ipaddr.js";
import { pattern, type Rule } from "./rule";

/** Dotted decimal, four parts, no leading zeros: `010` is octal to some programs and decimal to others. */
export const ipv4: Rule = (value) => {
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

/** `10.0.0` → `10.0.0.0/24`: what somebody meant who left the last parts out. */
function completeSubnet(value: string): string | undefined {
  const parts = value.replace(/\.$/, "").split(".");
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return `${[...parts, "0", "0"].slice(0, 4).join(".")}/${parts.length * 8}`;
}

/** An IPv4 subnet in CIDR notation whose host bits are zero. */
export const subnet: Rule = (value) => {
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
export const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/** RFC 1123 subdomain. */
export const dnsName: Rule = pattern(
  new RegExp(`^${LABEL}(\\.${LABEL})*$`),
  253,
  "is not a DNS name: lower-case letters, digits, hyphens and dots (RFC 1123)",
);

export const hostOrAddress: Rule = (value) => {
  if (/^[\d.]+$/.test(value)) return ipv4(value);
  return dnsName(value) && "is neither an IPv4 address nor a DNS name; a port has a setting of its own";
};

/** Linux cuts an interface name at 15 characters. */
export const interfaceName: Rule = pattern(
  /^[a-z][a-z0-9_-]*$/,
  15,
  "is not an interface name: at most 15 lower-case letters, digits, '-' and '_', starting with a letter",
);

/** http(s), no user and password, no query. `{distribution}` and `{minor}` are the only placeholders. */
export const mirrorUrl: Rule = (value) => httpUrl(value.replaceAll("{distribution}", "x").replaceAll("{minor}", "x"));

export const httpUrl: Rule = (value) => {
  if (/^[a-z]+:\/\/[^/]*@/i.test(value))
    return "has a user or password in it, which would stand in clear in settings and hosts";
  const url = /^https?:\/\/([a-z0-9.-]+)(?::(\d{1,5}))?(\/[A-Za-z0-9._~:/%+-]*)?$/.exec(value);
  const ok = url && value.length <= 512 && !hostOrAddress(url[1] ?? "") && Number(url[2] ?? 80) <= 65535;
  return ok ? undefined : "is not a plain http or https address, such as http://10.90.0.1:5080/charts";
};

export const macAddress: Rule = pattern(
  /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
  17,
  "is not a MAC address, such as 52:54:00:12:34:56",
);

/** The name of a host's network, as `multipass networks` lists them. */
export const networkName: Rule = pattern(
  /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/,
  64,
  "is not the name of a network (`multipass networks`)",
);
