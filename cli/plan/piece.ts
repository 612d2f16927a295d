import type { Change } from "./plan";

/** What else a plan is made of. */
export interface PlanContext {
  stack: string;
  /** Where a setting is written, as in `Pulumi.metal.yaml:21`; `undefined` where it isn't. */
  placeOf: (setting: readonly string[]) => string | undefined;
}

/** What one resource brings; equal ones of several hosts become one change. */
export interface Piece extends Omit<Change, "hosts"> {
  host?: string;
  refused?: string;
}

/** A place that was found, or none. */
export function place(found: string | undefined): string[] {
  return found === undefined ? [] : [found];
}
