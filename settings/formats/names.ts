import { pattern, type Rule } from "./rule";

export const plainName: Rule = pattern(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  40,
  "is not a name: lower-case letters, digits and hyphens",
);

/** A folder of a Git repository: `.`, or a path from its top without `.` and `..` in it. */
export const gitPath: Rule = pattern(
  /^(\.|(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9._][A-Za-z0-9._-]*(\/[A-Za-z0-9._-]+)*)$/,
  256,
  "is not a folder of a repository, such as . or clusters/home",
);

/** Revisions of a Git repository. */
export const gitWord: Rule = pattern(
  /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
  256,
  "has characters that a path or revision in Git does not need",
);

const gitAddress: Rule = pattern(
  /^(https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?\/|ssh:\/\/[A-Za-z0-9_-]+@[A-Za-z0-9.-]+(:\d{1,5})?\/|[A-Za-z0-9_-]+@[A-Za-z0-9.-]+:)[A-Za-z0-9._~/-]+$/,
  512,
  "is not the address of a Git repository: https://, ssh:// or user@host:path, without a password",
);

export const gitUrl: Rule = (value) => {
  const complaint = gitAddress(value);
  const withScheme = `https://${value}`;
  // What browsers show has no scheme.
  const meant = /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?\//.test(value) && gitAddress(withScheme) === undefined;
  return complaint && meant ? `${complaint}; did you mean ${withScheme}?` : complaint;
};

/** Login names and ids of accounts elsewhere. */
export const loginName: Rule = pattern(/^[A-Za-z0-9][A-Za-z0-9._$@+-]*$/, 256, "is not a login name");

export const tailscaleTag: Rule = pattern(/^tag:[a-zA-Z][a-zA-Z0-9-]*$/, 64, "is not a tag, such as tag:k8s");

export const proxyException: Rule = pattern(
  /^[A-Za-z0-9.*][A-Za-z0-9.*:/-]*$/,
  253,
  "is not a name, an address or a subnet",
);
