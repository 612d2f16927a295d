import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { FACT_FILES, FACTS } from "../../../providers/host/facts/facts";
import { libraryText } from "../../../providers/host/shell/library";

const FOLDER = path.join(__dirname, "../../../providers/host/facts");

/** The functions that the library defines, as bash sees them. */
const functions = spawnSync("bash", ["-c", `${libraryText()}\ncompgen -A function`], { encoding: "utf8" })
  .stdout.trim()
  .split("\n");

test.each(Object.keys(FACTS))("facts of kind %s can be observed", (kind) => {
  expect(functions).toContain(`observe_${kind.replaceAll("-", "_")}`);
});

test("each file of facts is in the table, and each function that is found by its name belongs to a file", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".sh"));
  expect([...FACT_FILES].sort()).toEqual(files.map((file) => file.replace(".sh", "")).sort());
  const restoring = functions.flatMap((name) => /^(?:prepare_)?restore_(\w+)$/.exec(name)?.[1] ?? []);
  // What facts/file.sh divides its own work into.
  const parts = ["files", "data", "folders"];
  expect(restoring.filter((name) => !FACT_FILES.includes(name) && !parts.includes(name))).toEqual([]);
  expect(restoring).toContain("file");
});

test("whatever is observed, the answer is at most one line", () => {
  for (const kind of Object.keys(FACTS)) {
    const ran = spawnSync("bash", ["-c", `set -euo pipefail\n${libraryText()}\nobserve ${kind} no/such/thing`], {
      encoding: "utf8",
    });
    expect([kind, ran.status, ran.stdout.trim().split("\n").length]).toEqual([kind, 0, 1]);
  }
});
