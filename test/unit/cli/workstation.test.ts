import { LAB_NEEDS, missingPackages } from "../../../cli/workstation";

test("only the packages of missing programs are installed, each once", () => {
  const needs = [
    { found: "one", package: "p" },
    { found: "two", package: "p" },
    { found: "three", package: "q" },
  ];
  expect(missingPackages(needs, (found) => found === "three")).toEqual(["p"]);
  expect(missingPackages(needs, () => true)).toEqual([]);
});

test("a bare workstation is given everything that the lab needs", () => {
  expect(missingPackages(LAB_NEEDS, () => false)).toContain("systemd-container");
});
