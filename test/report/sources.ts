import * as fs from "node:fs";
import * as path from "node:path";
import { run } from "../../lab/run-program";
import { attached } from "../../cli/programs";
import { say } from "../../cli/progress";

const CHECKS: readonly [program: string, ...args: string[]][] = [
  ["tsc", "--noEmit"],
  ["eslint", "."],
  ["prettier", "--check", "--log-level=warn", "."],
];

/**
 * Types, rules and layout of the sources, and the workflows: all of them, so that one run says everything.
 *
 * @param prefix words before each command
 */
export async function checkSources(prefix: readonly string[]): Promise<number> {
  let exitCode = 0;
  for (const [program, ...args] of CHECKS) {
    const ended = await runWith(prefix, [path.resolve("node_modules/.bin", program), ...args]);
    say(`${ended === 0 ? "✓" : "✗"} ${program}`);
    exitCode ||= ended;
  }
  return (await checkWorkflows(prefix)) || exitCode;
}

/** The workflows, by actionlint: a Go program, which compiles in half a minute and is then in Go's own cache. */
async function checkWorkflows(prefix: readonly string[]): Promise<number> {
  if ((await run("go", ["version"])).exitCode !== 0) {
    say("– actionlint: skipped: there is no go on this workstation");
    return 0;
  }
  const workflows = fs.readdirSync(".github/workflows").map((file) => path.resolve(".github/workflows", file));
  const ended = await runWith(prefix, ["go", "tool", "actionlint", ...workflows], "test/actionlint");
  say(`${ended === 0 ? "✓" : "✗"} actionlint`);
  return ended;
}

async function runWith(prefix: readonly string[], command: readonly string[], cwd?: string): Promise<number> {
  const [program = "", ...args] = [...prefix, ...command];
  return attached(program, args, { cwd });
}
