import { readFileSync } from "node:fs";
import path from "node:path";
import { PAGE, reliabilityPage } from "../../report/generate-reliability";
import { FAULTS, type FaultTest, faultTests, namesIn, titlesIn } from "../../report/faults";

const CHECKOUT = path.resolve(__dirname, "../../..");
const { cases, more, drills } = FAULTS;
const all = [...cases, ...more, ...drills];
const tests = faultTests(CHECKOUT);
const isTested = (name: string) => tests.some(({ names }) => names.includes(name));

test("every fault has a test that carries its name, or a reason why there is none", () => {
  const missing = all.filter(({ name, untested }) => untested === undefined && !isTested(name));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test("no fault has both a test and a reason why there is none", () => {
  expect(all.filter(({ name, untested }) => untested !== undefined && isTested(name))).toEqual([]);
});

test("no test carries the name of an unknown fault", () => {
  const known = new Set(all.map(({ name }) => name));
  expect(tests.filter(({ names }) => names.some((name) => !known.has(name)))).toEqual([]);
});

test("the faults are numbered as they were collected, and no name is given twice", () => {
  expect(cases.map(({ number }) => number)).toEqual(Array.from({ length: 57 }, (_, index) => index + 1));
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test("the page has the rows of today's list and tests (else: npx tsx test/report/generate-reliability.ts)", () => {
  const withoutResults = (page: string) =>
    page.replace(/\| (passed|failed|not run) +(?=\|)/g, "|").replace(/ +|-+/g, " ");
  expect(withoutResults(readFileSync(PAGE, "utf8"))).toBe(withoutResults(reliabilityPage(tests, new Map())));
});

test("the result of a fault is that of its worst test", () => {
  const [fault] = cases.filter(({ untested }) => untested === undefined);
  const name = fault?.name ?? "";
  const one: FaultTest = { names: [name], file: "test/host/a.test.ts", title: `${name}: x` };
  const rowOf = (page: string) => page.split("\n").find((line) => line.includes(`\`${name}\``));
  expect(rowOf(reliabilityPage([one], new Map([[name, ["passed", "failed"]]])))).toContain("| failed ");
  expect(rowOf(reliabilityPage([one], new Map([[name, ["skipped", "passed"]]])))).toContain("| passed ");
  expect(rowOf(reliabilityPage([one], new Map([[name, ["skipped"]]])))).toContain("| not run ");
});

test.each([
  ["ssh-port-closed: names the host", ["ssh-port-closed"]],
  ["injection: is refused: always", ["injection"]],
  ["disk-full, clock-skew: are refused", ["disk-full", "clock-skew"]],
  ["swap-on + reboot: stays off", ["swap-on + reboot"]],
  ["init-twice / kill-9-during-init: is finished", ["init-twice / kill-9-during-init"]],
  ["apt-key-expired/other-fpr: is refused", ["apt-key-expired/other-fpr"]],
  ["is left alone by a second up: nothing changes", []],
  ["half-done joins are repeated: with a new token", []],
  ["names no fault", []],
])("the title '%s' carries the names %j", (title, names) => {
  expect(namesIn(title)).toEqual(names);
});

test("titles are found in every form of a test, and in nothing else", () => {
  const source = `test("a", f); it.each([1])("b %s", f); test.each\`x\`("c", f); describe("d", () => { test("e", () => attest("f")); });`;
  expect(titlesIn(source, () => true)).toEqual(["a", "b %s", "c", "e"]);
  const table = `test.each([["dup-x", 1], ["other", 2], ["dup-y", 3]])("%s: is refused", f);`;
  expect(titlesIn(table, (name) => name.startsWith("dup"))).toEqual(["dup-x: is refused", "dup-y: is refused"]);
});
