/** What a report adds up to. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const NONE: Readonly<Counts> = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The part of jest's `--json` report that is counted. */
interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that failed before their first test: none of their tests is in the other numbers. */
  numRuntimeErrorTestSuites: number;
}

/** Sums jest's `--json` report. */
export function countJest(text: string): Counts {
  const report = JSON.parse(text) as JestReport;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** One line of `go test -json` (see `go doc test2json`). */
interface GoEvent {
  Action: string;
  Package?: string;
  Test?: string;
}

/** Sums `go test -json` lines. A package that fails without a failed test, as one that does not build, counts as one. */
export function countGo(lines: string): Counts {
  let counts: Counts = NONE;
  const withFailedTest = new Set<string | undefined>();
  for (const event of goEvents(lines)) {
    if (event.Test) {
      if (event.Action === "fail") withFailedTest.add(event.Package);
      counts = add(counts, oneOf(event.Action));
    } else if (event.Action === "fail" && !withFailedTest.has(event.Package)) {
      counts = add(counts, { ...NONE, failed: 1 });
    }
  }
  return counts;
}

function oneOf(action: string): Counts {
  switch (action) {
    case "pass":
      return { ...NONE, passed: 1 };
    case "fail":
      return { ...NONE, failed: 1 };
    case "skip":
      return { ...NONE, skipped: 1 };
    default:
      return NONE;
  }
}

/** The events of a `go test -json` output; other lines (of the toolchain) are left out. */
export function goEvents(lines: string): GoEvent[] {
  return lines
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as GoEvent);
}
