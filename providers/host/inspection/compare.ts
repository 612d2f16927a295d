import type { Gathering, Observation } from "./parse";

/** How often a step's drift was found, and what was found last. */
export interface StepDrift {
  generation: number;
  reason: string;
}

/** What an inspection remembers of drift, by step. */
export interface DriftRecord {
  drifts: Record<string, StepDrift>;
  /** The run of the step by whose claims the drift was raised last: one run's drift is raised once. */
  raisedFor: Record<string, string>;
}

/** A step that has not run has not drifted. */
export function noDrift(steps: readonly string[]): DriftRecord {
  return { drifts: Object.fromEntries(steps.map((step) => [step, { generation: 0, reason: "" }])), raisedFor: {} };
}

/** The record for another list of steps: what is known is kept, new ones have not drifted. */
export function withSteps(record: DriftRecord, steps: readonly string[]): DriftRecord {
  const known = Object.fromEntries(Object.entries(record.drifts).filter(([step]) => steps.includes(step)));
  return { ...record, drifts: { ...noDrift(steps).drifts, ...known } };
}

/**
 * What the record becomes by a new look at the host. A step's generation goes up by one where the host differs from its
 * claims, or where they are missing; it goes up once until the step has run again, and never goes down.
 */
export function raiseDrift(record: DriftRecord, steps: readonly string[], gathering: Gathering): DriftRecord {
  const next: DriftRecord = { drifts: { ...record.drifts }, raisedFor: { ...record.raisedFor } };
  for (const step of steps) {
    const finding = findingOf(step, gathering);
    if (!finding || next.raisedFor[step] === finding.run) continue;
    const generation = (next.drifts[step]?.generation ?? 0) + 1;
    next.drifts[step] = { generation, reason: finding.reason };
    next.raisedFor[step] = finding.run;
  }
  return next;
}

interface Finding {
  run: string;
  reason: string;
}

function findingOf(step: string, gathering: Gathering): Finding | undefined {
  const claimed = gathering.steps[step];
  // Without claims there is no id of a run: the folder's state tells one loss from the next.
  if (!claimed) return { run: `missing ${gathering.folder}`.trim(), reason: "claims are missing on the host" };
  const [first, ...others] = claimed.observations.filter((observation) => !holds(observation));
  if (!first) return undefined;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return { run: claimed.run, reason: `${describe(first)}${more}` };
}

/** Whether the host shows what was claimed. */
export function holds({ kind, claimed, found }: Observation): boolean {
  switch (kind) {
    case "sysctl-minimum":
      return /^\d+$/.test(found) && BigInt(found) >= BigInt(claimed);
    case "package":
      if (found === "missing") return false;
      // Docker's packages carry the distribution behind the version.
      return claimed === "*" || found === claimed || found.startsWith(`${claimed}~`);
    default:
      return found === claimed;
  }
}

function describe({ kind, key, claimed, found }: Observation): string {
  switch (kind) {
    case "file":
      return `file ${key} ${found === "missing" ? "is missing" : "was changed"}`;
    case "sysctl-minimum":
      return `sysctl ${key} is ${found}, claimed at least ${claimed}`;
    default:
      return `${kind} ${key} is ${found || "unknown"}, claimed ${claimed === "*" ? "any version" : claimed}`;
  }
}
