import path from "node:path";

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

/** The part of jest's `--json` report that is read. */
export interface JestReport {
  testResults: JestFile[];
}

interface JestFile {
  /** Absolute path of the test file. */
  name: string;
  status: string;
  /** Milliseconds since 1970. */
  startTime: number;
  endTime: number;
  assertionResults: { title: string; status: string }[];
}

/** The files of a report that are in a folder, which is an absolute path. */
export function reportOf(report: JestReport, folder: string): JestReport {
  return { testResults: report.testResults.filter(({ name }) => name.startsWith(folder + path.sep)) };
}

/** From the start of its first file to the end of its last, in seconds. */
export function secondsOf({ testResults }: JestReport): number {
  if (testResults.length === 0) return 0;
  const start = Math.min(...testResults.map(({ startTime }) => startTime));
  return (Math.max(...testResults.map(({ endTime }) => endTime)) - start) / 1000;
}

/** Sums jest's `--json` report. A file that fails without a failed test, as one that can't be loaded, counts as one. */
export function countJest(text: string): Counts {
  const { testResults } = JSON.parse(text) as JestReport;
  return testResults.map(countFile).reduce(add, NONE);
}

function countFile({ status, assertionResults }: JestFile): Counts {
  const count = (wanted: string[]) => assertionResults.filter((test) => wanted.includes(test.status)).length;
  const failed = count(["failed"]);
  return {
    passed: count(["passed"]),
    failed: status === "failed" ? Math.max(failed, 1) : failed,
    skipped: count(["pending", "todo", "skipped"]),
  };
}

/** One line of `go test -json` (see `go doc test2json`). */
interface GoEvent {
  Action: string;
  Package?: string;
  Test?: string;
  /** Seconds. */
  Elapsed?: number;
  Output?: string;
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

/** A test file, or a Go package, and the seconds that it took. */
export interface Took {
  name: string;
  seconds: number;
}

/** What the files of jest's report took, each by its path in the checkout. */
export function jestTimes(text: string, checkout: string): Took[] {
  const { testResults } = JSON.parse(text) as JestReport;
  return testResults.map(({ name, startTime, endTime }) => ({
    name: path.relative(checkout, name),
    seconds: (endTime - startTime) / 1000,
  }));
}

/** What the packages of a `go test -json` output took. */
export function goTimes(lines: string): Took[] {
  return goEvents(lines)
    .filter(({ Test, Elapsed }) => Test === undefined && Elapsed !== undefined)
    .map(({ Package = "", Elapsed = 0 }) => ({ name: Package, seconds: Elapsed }));
}
