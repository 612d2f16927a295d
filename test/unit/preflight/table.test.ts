import { findingsTable } from "../../../providers/host/preflight/table";

const LONG = "x".repeat(150);

test("the table has each finding once, in the order of the inventory, within 100 columns", () => {
  const table = findingsTable(
    [
      { hosts: [], name: "clock", problem: "the clock of the workstation is wrong", action: "set it" },
      {
        hosts: ["worker1"],
        name: "hostname",
        problem: `a word that is longer than a column: ${LONG}`,
        action: "shorten it",
      },
      {
        hosts: ["cp1", "worker1"],
        name: "same-machine-id",
        problem: "/etc/machine-id is the same",
        action: "make another",
      },
    ],
    ["cp1", "worker1"],
  );
  const lines = table.split("\n");
  expect(lines.every((line) => line.length <= 96)).toBe(true);
  expect(lines[0]).toMatch(/^host +what was found +what to do$/);
  const starts = lines.flatMap((line) => /^(cp1,|worker1|\(here\)) .*/.exec(line)?.slice(1) ?? []);
  expect(starts).toEqual(["cp1,", "worker1", "(here)"]);
  expect(table.replace(/[^x]/g, "")).toHaveLength(LONG.length + "/etc/machine-id".replace(/[^x]/g, "").length);
});
