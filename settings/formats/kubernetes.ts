import { dnsName, LABEL } from "./network";
import { pattern, type Rule } from "./rule";

/** RFC 1123 label: Kubernetes' rule for a node's name (without dots, so that it is a hostname everywhere). */
export const nodeName: Rule = (value) => {
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

/** Key of a label, annotation or taint: an optional DNS prefix and a name of at most 63 characters. */
export const labelKey: Rule = (value) => {
  const [prefix, name, ...rest] = value.includes("/") ? value.split("/") : [undefined, value];
  const ok =
    rest.length === 0 &&
    (prefix === undefined || dnsName(prefix) === undefined) &&
    /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name ?? "");
  return ok
    ? undefined
    : "is not a key as Kubernetes takes it: an optional DNS prefix and '/', then at most 63 letters, digits, '-', '_' and '.'";
};

export const labelValue: Rule = pattern(
  /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  63,
  "is not a label value: letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
);

/** Kubernetes takes any text in an annotation; it is passed on literally, so only what breaks a line is refused. */
export const annotationValue: Rule = pattern(/^[^\p{Cc}]*$/u, 4096, "has a line break or another control character");

export const argumentName: Rule = pattern(
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  64,
  "is not the name of an argument: without the leading hyphens, such as audit-log-maxage",
);

export const argumentValue: Rule = pattern(/^[^\p{Cc}]*$/u, 2048, "has a line break or another control character");

export const featureGateName: Rule = pattern(/^[A-Z][A-Za-z0-9]*$/, 64, "is not the name of a feature gate");

export const quantity: Rule = pattern(
  /^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/,
  32,
  'is not a quantity of Kubernetes, such as "500m", "1" or "512Mi"',
);

export const evictionThreshold: Rule = (value) =>
  /^(100|\d{1,2}(\.\d+)?)%$/.test(value) || quantity(value) === undefined
    ? undefined
    : 'is not an eviction threshold: a quantity such as "100Mi", or a percentage such as "10%"';

export const preflightCheck: Rule = pattern(
  /^[A-Z][A-Za-z0-9]*(-[A-Za-z0-9._-]+)?$/,
  128,
  "is not the name of one of kubeadm's checks, such as SystemVerification; 'all' would hide real faults",
);
