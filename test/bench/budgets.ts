import { type StateResource, TYPES, urnParts } from "../../checks/stack-state";
import { formatDuration } from "../../cli/progress";
import { nameOf } from "../harness/stacks/stack-cli";

/** One budget of the project and what was measured. */
export interface Measurement {
  what: string;
  measured: number;
  /** None: measured for comparison alone. */
  limit?: number;
  unit: "ms" | "bytes" | "connections" | "changes";
}

/** What the budgets allow. Times are for two cores. */
export const LIMITS = {
  upFromNothingMs: 35 * 60_000,
  upWithCacheMs: 4 * 60_000,
  /** Times an empty program's preview. */
  previewFactor: 2,
  connectionsPerHost: 8,
  stateBytesPerMachine: 12 * 1024,
  providerBytes: 4 * 1024,
} as const;

/** A line for each measurement, with whether it holds. */
export function budgetRows(measurements: Measurement[]): string[][] {
  const rows = measurements.map(({ what, measured, limit, unit }) => [
    what,
    amount(measured, unit),
    limit === undefined ? "-" : amount(limit, unit),
    limit === undefined ? "" : measured <= limit ? "holds" : "EXCEEDED",
  ]);
  return [["BUDGET", "MEASURED", "AT MOST", ""], ...rows];
}

function amount(value: number, unit: Measurement["unit"]): string {
  switch (unit) {
    case "ms":
      return formatDuration(value);
    case "bytes":
      return `${(value / 1024).toFixed(1)} KB`;
    case "connections":
    case "changes":
      return String(value);
  }
}

/** The largest serialised dynamic provider of a state, in bytes. */
export function largestProvider(resources: readonly Pick<StateResource, "urn" | "inputs">[]): number {
  const providers = resources.map(({ inputs }) => inputs?.__provider).filter((text) => typeof text === "string");
  return Math.max(0, ...providers.map((text) => Buffer.byteLength(text)));
}

/** What a machine costs: its own resource in bytes, all that are named after it in bytes, and how many of those are steps. */
export function costOfMachine(
  resources: readonly Pick<StateResource, "urn" | "inputs">[],
  machine: string,
): { own: number; all: number; steps: number } {
  const all = resources.filter((resource) => `${nameOf(resource)}-`.startsWith(`${machine}-`));
  return {
    own: Math.max(...all.filter((resource) => nameOf(resource) === machine).map(bytes)),
    all: bytes(all),
    steps: all.filter(({ urn }) => urnParts(urn).type === TYPES.command).length,
  };
}

function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
