import { countGo, countJest } from "../../report/counts";

test("a test file that fails before its first test counts as one failure", () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 1,
  };
  expect(countJest(JSON.stringify(report))).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

const go = (...events: object[]): string => events.map((event) => JSON.stringify(event)).join("\n");

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
