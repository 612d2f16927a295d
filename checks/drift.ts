import { driftReason } from "../components/remote/drift";
import type { Check } from "./check";
import { CheckFailure, failed, few, type Finding, ok } from "./finding";
import { resourceName } from "./stack-state";

const NAME = "drift";
const LIMIT_SECONDS = 300;

/** What `up` would change, were it run now on what `refresh` finds. Neither is done: the state stays as it is. */
export const driftCheck: Check = {
  subjects: [NAME],
  limitSeconds: LIMIT_SECONDS,

  async run({ access, signal }) {
    const args = ["preview", "--refresh", "--json", "--non-interactive"];
    const ended = await access.pulumi(args, { signal });
    const preview = readPreview(ended.stdout);
    if (ended.exitCode !== 0 || !preview) {
      const said = (preview && errorsOf(preview)) || ended.stderr.trim() || "it said nothing";
      throw new CheckFailure(
        `hosts and cluster could not be compared with the settings: ${said}`,
        "Fix what it says; `make preview` shows all of it.",
      );
    }
    return [driftFinding(changesOf(preview))];
  },
};

/** The part of `pulumi preview --json` that is read. */
interface Preview {
  steps?: {
    op: string;
    urn: string;
    detailedDiff?: object | null;
    newState?: { inputs?: { create?: unknown; update?: unknown } };
  }[];
  diagnostics?: { severity?: string; message?: string }[];
}

export function readPreview(text: string): Preview | undefined {
  try {
    return JSON.parse(text) as Preview;
  } catch {
    return undefined;
  }
}

function errorsOf({ diagnostics = [] }: Preview): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message = "" }) => oneLine(message));
  return few([...new Set(errors)].filter(Boolean));
}

function oneLine(text: string): string {
  return text
    .replace(/<\{%[^%]*%\}>/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

export interface Change {
  resource: string;
  op: string;
  /** What was found on the host, or the names of the settings that differ. */
  why: string;
}

/** What the plan would change; reading a thing is no change. */
export function changesOf({ steps = [] }: Preview): Change[] {
  return steps
    .filter(({ op }) => !["same", "refresh", "read"].includes(op))
    .map(({ op, urn, detailedDiff, newState }) => ({
      op,
      resource: resourceName({ urn }),
      why: foundOnHost(newState?.inputs) ?? Object.keys(detailedDiff ?? {}).join(", "),
    }));
}

/** A step whose sudo asks for a password has one command for all. */
function foundOnHost({ create, update = create }: { create?: unknown; update?: unknown } = {}): string | undefined {
  return typeof update === "string" ? driftReason(update) : undefined;
}

export function driftFinding(changes: Change[]): Finding {
  if (changes.length === 0) return ok(NAME, "hosts and cluster are what the settings say");
  const described = changes.map(({ resource, op, why }) => `${resource} (${why || op})`);
  return failed(
    NAME,
    `${changes.length} difference(s): ${few(described)}`,
    "`make refresh` and `make preview` show each in full, `make up` repairs it. It also applies settings that are newer than the cluster.",
  );
}
