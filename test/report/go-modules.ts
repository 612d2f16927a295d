import * as fs from "node:fs";
import * as path from "node:path";
import { goEvents } from "./counts";
import { foldersWith } from "./tiers";
import { run } from "../../lab/run-program";
import { say } from "../../cli/progress";

/**
 * `go test` of every module of lab/ that has tests.
 *
 * @param folder gets a report of each
 * @param prefix words before each command
 */
export async function testGoModules(folder: string, prefix: readonly string[]): Promise<number> {
  let exitCode = 0;
  for (const module of foldersWith("lab", "go.mod").filter((found) => foldersWith(found, "_test.go").length > 0)) {
    const report = path.join(folder, module.replaceAll(path.sep, "-") + ".jsonl");
    const [program = "", ...args] = [...prefix, "go", "test", "-json", "./..."];
    const ended = await run(program, args, { cwd: module });
    fs.writeFileSync(report, ended.stdout + "\n");
    if (ended.exitCode !== 0) say(failedOutput(ended.stdout) + ended.stderr);
    say(`${ended.exitCode === 0 ? "✓" : "✗"} ${module}`);
    exitCode ||= ended.exitCode;
  }
  return exitCode;
}

/** The output of the packages that failed. */
function failedOutput(lines: string): string {
  const events = goEvents(lines);
  const failed = new Set(events.filter((event) => event.Action === "fail").map((event) => event.Package));
  return events
    .filter((event) => event.Output && (failed.has(event.Package) || event.Action === "build-output"))
    .map((event) => event.Output)
    .join("");
}
