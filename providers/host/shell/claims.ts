import { createHash } from "node:crypto";
import { quote } from "./quote";

/** Where each step says what it did, one file a step. */
export const CLAIMS_FOLDER = "/var/lib/homelab/claims";

/**
 * What can be claimed. `key` and `value` by kind:
 * - `sysctl`, `sysctl-minimum`: the sysctl's name; its value, or the least it may be.
 * - `file`: the path; SHA-256 and mode, as in `<64 hex digits> 644`.
 * - `absent-file`: the path; `absent`.
 * - `module`: the kernel module; `present` (loaded, or built in).
 * - `package`: the package; its version, or `*` for any. `hold`: the package; `hold`.
 * - `unit-enabled`, `unit-active`: the unit; `enabled`, `active`.
 * - `swap`: `active` or `at-boot`; `none`.
 * - `containerd`: `<table>/<name>` of the effective configuration, without quotes; the value, without quotes.
 */
export const CLAIM_KINDS = [
  "sysctl",
  "sysctl-minimum",
  "file",
  "absent-file",
  "module",
  "package",
  "hold",
  "unit-enabled",
  "unit-active",
  "swap",
  "containerd",
] as const;
export type ClaimKind = (typeof CLAIM_KINDS)[number];

/** One thing that a step leaves on a host, and that the inspection looks at again. */
export interface Claim {
  kind: ClaimKind;
  key: string;
  /** Left out: what the host shows at the step's end, where the step decides it on the host. Files only. */
  value?: string;
}

/** Printable ASCII but for `"` and `\`: then JSON needs no escapes, and bash can read it line by line. */
const CLAIM_TEXT = /^[ !#-[\]-~]+$/;

/** The claim of a file with this content and mode (octal digits, as in "644"). */
export function fileClaim(path: string, content: string, mode = "644"): Claim {
  return { kind: "file", key: path, value: `${createHash("sha256").update(content).digest("hex")} ${mode}` };
}

/**
 * Shell commands that write a step's claims, with a fresh id of the run, as JSON with one claim a line. They belong at
 * the end of the step.
 *
 * @throws Error where a claim has a character that the reader can't take.
 */
export function writeClaims(step: string, claims: readonly Claim[]): string {
  const lines = claims.map((claim, index) => claimLine(claim, index === claims.length - 1));
  return [
    "{",
    `printf '{\\n"step":"%s",\\n"run":"%s",\\n"claims":[\\n' ${quote(step)} "$(cat /proc/sys/kernel/random/uuid)"`,
    ...lines,
    `printf ']\\n}\\n'`,
    `} | write_file ${CLAIMS_FOLDER}/${step}.json 644 >/dev/null`,
  ].join("\n");
}

function claimLine(claim: Claim, last: boolean): string {
  const { kind, key, value } = claim;
  for (const text of [key, value]) {
    if (text !== undefined && !CLAIM_TEXT.test(text)) {
      throw new Error(`'${text}' can't be claimed: only printable ASCII without quotation mark and backslash can`);
    }
  }
  const comma = last ? "" : ",";
  if (value !== undefined) return `echo ${quote(`{"kind":"${kind}","key":"${key}","value":"${value}"}${comma}`)}`;
  if (kind !== "file") throw new Error(`a claim of kind '${kind}' needs a value`);
  return `echo ${quote(`{"kind":"file","key":"${key}","value":"`)}"$(digest ${quote(key)})"${quote(`"}${comma}`)}`;
}
