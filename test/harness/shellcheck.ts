import { spawnSync } from "node:child_process";

export type Shell = "bash" | "sh";

const installed = spawnSync("shellcheck", ["--version"]).status === 0;

/**
 * A test that shellcheck finds nothing in a script; skipped, with the reason in its title, where it is not installed.
 *
 * @param name what the script is in the test's title
 * @param except codes of shellcheck, as `SC1091`, that are right here
 */
export function testShellcheck(name: string, script: string, except: readonly string[], shell: Shell = "bash"): void {
  (installed ? test : test.skip)(`${name} passes shellcheck${installed ? "" : " (it is not installed)"}`, () => {
    const options = [`--shell=${shell}`, ...(except.length > 0 ? [`--exclude=${except.join(",")}`] : [])];
    const checked = spawnSync("shellcheck", [...options, "-"], { input: script, encoding: "utf8" });
    expect(checked.stdout + checked.stderr).toBe("");
  });
}
