import { formatDuration } from "./duration";

/** One budget of the project and what was measured. */
export interface Measurement {
  what: string;
  measured: number;
  limit: number;
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
    amount(limit, unit),
    measured <= limit ? "holds" : "EXCEEDED",
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

/** A resource as `pulumi stack export` has it. */
export interface StateResource {
  urn: string;
  inputs?: Record<string, unknown>;
}

/** The largest serialised dynamic provider of a state, in bytes. */
export function largestProvider(resources: StateResource[]): number {
  const providers = resources.map(({ inputs }) => inputs?.__provider).filter((text) => typeof text === "string");
  return Math.max(0, ...providers.map((text) => Buffer.byteLength(text)));
}

/** Bytes of state that a machine costs: of every resource whose name begins with the machine's. */
export function stateOfMachine(resources: StateResource[], machine: string): number {
  const own = resources.filter(({ urn }) => {
    const name = urn.split("::").pop() ?? "";
    return name === machine || name.startsWith(`${machine}-`);
  });
  return Buffer.byteLength(JSON.stringify(own));
}
