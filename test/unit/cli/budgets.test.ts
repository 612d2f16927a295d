import { budgetRows, largestProvider, stateOfMachine } from "../../../lab/cli/budgets";

test("a budget holds up to its limit and not beyond", () => {
  const rows = budgetRows([
    { what: "up", measured: 240_000, limit: 240_000, unit: "ms" },
    { what: "state", measured: 12_289, limit: 12_288, unit: "bytes" },
    { what: "logins", measured: 9, limit: 8, unit: "connections" },
  ]);
  expect(rows.slice(1)).toEqual([
    ["up", "4m00s", "4m00s", "holds"],
    ["state", "12.0 KB", "12.0 KB", "EXCEEDED"],
    ["logins", "9", "8", "EXCEEDED"],
  ]);
});

test("a machine's state is that of the resources named after it", () => {
  const urn = (name: string): { urn: string } => ({ urn: `urn:pulumi:lab::homelab::x:y:Z::${name}` });
  const alone = stateOfMachine([urn("cp1"), urn("cp1-swap")], "cp1");
  expect(alone).toBeGreaterThan(60);
  expect(stateOfMachine([urn("cp1"), urn("cp1-swap"), urn("cp10"), urn("worker1-swap")], "cp1")).toBe(alone);
});

test("the largest provider counts in bytes", () => {
  const resources = [
    { urn: "a", inputs: { __provider: "x" } },
    { urn: "b", inputs: { __provider: "é" } },
    { urn: "c" },
  ];
  expect(largestProvider(resources)).toBe(2);
  expect(largestProvider([])).toBe(0);
});
