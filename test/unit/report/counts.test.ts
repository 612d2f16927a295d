import { countGo, countJest, goTimes, jestTimes, reportOf, secondsOf } from "../../report/counts";

const go = (...events: object[]): string => events.map((event) => JSON.stringify(event)).join("\n");

const file = (name: string, status: string, statuses: string[]) => ({
  ...{ name: `/checkout/test/${name}.test.ts`, status, startTime: 1_000, endTime: 3_500 },
  assertionResults: statuses.map((each) => ({ title: "a test", status: each })),
});
const files = [
  file("unit/a", "failed", ["passed", "passed", "failed", "pending"]),
  file("unit/b", "passed", ["passed", "todo"]),
  file("united/c", "failed", []),
];

test("a test file that fails before its first test counts as one failure", () => {
  expect(countJest(JSON.stringify({ testResults: files }))).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test("of a run of several tiers each gets its own files", () => {
  const [unit, united] = ["unit", "united"].map((tier) => reportOf({ testResults: files }, `/checkout/test/${tier}`));
  expect(countJest(JSON.stringify(unit))).toEqual({ passed: 3, failed: 1, skipped: 2 });
  expect(countJest(JSON.stringify(united))).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("what files and packages took is in their reports, and of a run from its first start to its last end", () => {
  const later = { ...file("unit/d", "passed", ["passed"]), startTime: 4_000, endTime: 5_000 };
  expect(secondsOf({ testResults: [...files, later] })).toBe(4);
  expect(jestTimes(JSON.stringify({ testResults: [later] }), "/checkout")).toEqual([
    { name: "test/unit/d.test.ts", seconds: 1 },
  ]);
  const lines = go(
    { Action: "pass", Package: "a", Test: "One", Elapsed: 1 },
    { Action: "pass", Package: "a", Elapsed: 2 },
  );
  expect(goTimes(lines)).toEqual([{ name: "a", seconds: 2 }]);
});

test("Go tests are counted by test, not by package", () => {
  const lines = go(
    { Action: "run", Package: "a", Test: "TestOne" },
    { Action: "pass", Package: "a", Test: "TestOne" },
    { Action: "skip", Package: "a", Test: "TestTwo" },
    { Action: "fail", Package: "b", Test: "TestThree" },
    { Action: "fail", Package: "b" },
    { Action: "pass", Package: "a" },
  );
  expect(countGo(lines)).toEqual({ passed: 1, failed: 1, skipped: 1 });
});

test("a Go package that does not build counts as one failure", () => {
  const lines = go(
    { Action: "build-output", ImportPath: "a", Output: "undefined: x" },
    { Action: "fail", Package: "a", FailedBuild: "a" },
  );
  expect(countGo("go: downloading something\n" + lines)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
