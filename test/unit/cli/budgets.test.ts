import { budgetRows, largestProvider, costOfMachine } from "../../bench/budgets";

test("a budget holds up to its limit and not beyond", () => {
  const rows = budgetRows([
    { what: "up", measured: 240_000, limit: 240_000, unit: "ms" },
    { what: "state", measured: 12_289, limit: 12_288, unit: "bytes" },
    { what: "logins", measured: 9, limit: 8, unit: "connections" },
    { what: "packets", measured: 9, unit: "connections" },
  ]);
  expect(rows.slice(1)).toEqual([
    ["up", "4m00s", "4m00s", "holds"],
    ["state", "12.0 KB", "12.0 KB", "EXCEEDED"],
    ["logins", "9", "8", "EXCEEDED"],
    ["packets", "9", "-", ""],
  ]);
});

test("a machine's cost is that of the resources named after it", () => {
  const urn = (type: string, name: string): { urn: string } => ({ urn: `urn:pulumi:lab::homelab::${type}::${name}` });
  const own = [urn("x:y:Machine", "cp1"), urn("x:y:Machine$command:remote:Command", "cp1-swap")];
  const others = [urn("x:y:Machine", "cp10"), urn("command:remote:Command", "worker1-swap")];
  const cost = costOfMachine([...own, ...others], "cp1");
  expect(cost).toEqual({ own: JSON.stringify(own[0]).length, all: JSON.stringify(own).length, steps: 1 });
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
