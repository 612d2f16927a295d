import { describe, holds } from "../facts/facts";
import type { HostReport } from "./parse";

/** How often a step's drift was found, and what was found last. */
export interface StepDrift {
  generation: number;
  reason: string;
}

/** What an inspection remembers of drift, by step. */
export interface DriftRecord {
  drifts: Record<string, StepDrift>;
  /** The run of the step by whose expected state the drift was raised last: one run's drift is raised once. */
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
 * What the record becomes by a new report of the host. A step's generation goes up by one where the host differs from its
 * expected state, or where that is missing; it goes up once until the step has run again, and never goes down.
 */
export function raiseDrift(record: DriftRecord, steps: readonly string[], report: HostReport): DriftRecord {
  const next: DriftRecord = { drifts: { ...record.drifts }, raisedFor: { ...record.raisedFor } };
  for (const step of steps) {
    const finding = findingOf(step, report);
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

function findingOf(step: string, report: HostReport): Finding | undefined {
  const reported = report.steps[step];
  // Without expected state there is no id of a run: the folder's state tells one loss from the next.
  if (!reported) return { run: `missing ${report.folder}`.trim(), reason: "its expected state is missing on the host" };
  const [first, ...others] = reported.facts.filter((fact) => !holds(fact));
  if (!first) return undefined;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return { run: reported.run, reason: `${describe(first)}${more}` };
}
