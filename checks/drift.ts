import { driftReason } from "../components/remote/drift";
import type { Check } from "./check";
import { CheckFailure, failed, few, type Finding, ok } from "./finding";
import { isChanged, type Preview, readPreview } from "./preview";

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
      const said = few(preview?.errors.map(oneLine) ?? []) || ended.stderr.trim() || "it said nothing";
      throw new CheckFailure(
        `hosts and cluster could not be compared with the settings: ${said}`,
        "Fix what it says; `make preview` shows all of it.",
      );
    }
    return [driftFinding(changesOf(preview))];
  },
};

export interface Change {
  resource: string;
  op: string;
  /** What was found on the host, or the names of the settings that differ. */
  why: string;
}

/** What the plan would change. */
export function changesOf({ resources }: Preview): Change[] {
  return resources.filter(isChanged).map(({ operation, name, changed, after }) => ({
    op: operation,
    resource: name,
    why: foundOnHost(after) ?? changed.join(", "),
  }));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** The drift that a step's command carries. A step whose sudo asks for a password has one command for all. */
export function foundOnHost({ create, update = create }: Readonly<Record<string, unknown>> = {}): string | undefined {
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
