import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { closingLine, judge, summary } from "../../report/sum";
import { closeReport, openReport, type Tier, type TierEnd } from "../../report/tiers";

const unit: Tier = { name: "unit", runner: "jest" };
let reports: string;

beforeEach(() => {
  reports = fs.mkdtempSync(path.join(os.tmpdir(), "reports-"));
});

afterEach(() => {
  fs.rmSync(reports, { recursive: true });
});

function jestFile(name: string, statuses: string[], seconds = 1) {
  return {
    name: path.join(path.dirname(reports), `${name}.test.ts`),
    status: statuses.includes("failed") ? "failed" : "passed",
    ...{ startTime: 5_000, endTime: 5_000 + seconds * 1000 },
    assertionResults: statuses.map((status) => ({ title: "a test", status })),
  };
}

function leave(end: Partial<TierEnd>, passed?: number, failed = 0): void {
  const folder = openReport(reports, "unit");
  if (passed !== undefined) {
    const results = [...Array<string>(passed).fill("passed"), ...Array<string>(failed).fill("failed")];
    const report = { testResults: results.map((status) => jestFile("one", [status])) };
    fs.writeFileSync(path.join(folder, "report.jest.json"), JSON.stringify(report));
  }
  closeReport(reports, { tier: "unit", runner: "jest", exitCode: 0, seconds: 1, ...end });
}

test("a tier's tests are counted from its report", () => {
  leave({}, 12);
  expect(judge(reports, unit)).toMatchObject({ counts: { passed: 12, failed: 0, skipped: 0 } });
});

test("a tier that did not run to its end is a failure", () => {
  expect(judge(reports, unit)).toMatchObject({ counts: { failed: 1 }, remark: "did not run to its end" });
  openReport(reports, "unit");
  expect(judge(reports, unit)).toMatchObject({ counts: { failed: 1 }, remark: "did not run to its end" });
});

test("a tier that ran no test is a failure", () => {
  leave({}, 0);
  expect(judge(reports, unit)).toMatchObject({ counts: { failed: 1 }, remark: "ran no test" });
  leave({});
  expect(judge(reports, unit)).toMatchObject({ counts: { failed: 1 }, remark: "ran no test" });
});

test("a runner that fails without a failed test is a failure", () => {
  leave({ exitCode: 137 }, 4);
  expect(judge(reports, unit)).toMatchObject({ counts: { passed: 4, failed: 1 } });
});

test("a failed test is counted once, although its runner fails with it", () => {
  leave({ exitCode: 1 }, 4, 1);
  expect(judge(reports, unit).counts).toEqual({ passed: 4, failed: 1, skipped: 0 });
});

test("a tier that the workstation can't run counts as skipped, with its reason", () => {
  leave({ skipped: "machines need Linux" });
  expect(judge(reports, unit)).toMatchObject({
    counts: { failed: 0, skipped: 1 },
    remark: "skipped: machines need Linux",
  });
});

test("the check of the sources counts only where it fails", () => {
  const lint: Tier = { name: "unit", runner: "lint" };
  leave({ runner: "lint" });
  expect(judge(reports, lint).counts).toEqual({ passed: 0, failed: 0, skipped: 0 });
  leave({ runner: "lint", exitCode: 2 });
  expect(judge(reports, lint).counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("starting a tier removes its earlier report", () => {
  leave({}, 12);
  openReport(reports, "unit");
  expect(judge(reports, unit).counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("the closing line is the last line, and names skipped tests only where there are some", () => {
  const verdict = { tier: "unit", counts: { passed: 2, failed: 0, skipped: 0 }, seconds: 1.25 };
  expect(summary([verdict, { ...verdict, tier: "go", seconds: 125 }])).toEqual([
    "  unit  2 passed, 0 failed in 1.3s",
    "  go    2 passed, 0 failed in 2m05s",
    "4 passed, 0 failed",
  ]);
  expect(closingLine({ passed: 2, failed: 1, skipped: 3 })).toBe("2 passed, 1 failed, 3 skipped");
});

test("the slowest files of all tiers are named before their sums, the slowest first", () => {
  const folder = openReport(reports, "unit");
  const files = Array.from({ length: 12 }, (_, index) => jestFile(`file${index}`, ["passed"], index));
  fs.writeFileSync(path.join(folder, "report.jest.json"), JSON.stringify({ testResults: files }));
  closeReport(reports, { tier: "unit", runner: "jest", exitCode: 0, seconds: 70 });
  const go = { tier: "go", counts: { passed: 1, failed: 0, skipped: 0 }, times: [{ name: "a/package", seconds: 300 }] };
  const lines = summary([judge(reports, unit), go]);
  expect(lines.slice(0, 3)).toEqual(["   5m00s  a/package", "     11s  file11.test.ts", "     10s  file10.test.ts"]);
  expect(lines).toHaveLength(13);
});
