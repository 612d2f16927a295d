import { spawnSync } from "node:child_process";
import { LIBRARY_FILE, libraryText } from "../../providers/host/shell/library";
import { carriedLibrary } from "../../providers/host/shell/script";

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

/** Whether a script reads the library on its host, or carries it. */
export function usesLibrary(script: string): boolean {
  return READS_LIBRARY.test(script) || script.includes(libraryText());
}

const READS_LIBRARY = new RegExp(`^\\. ${LIBRARY_FILE}.*$`, "m");

/** Scripts behind one text of the library that they use, so that shellcheck sees both: it takes a second for the library. */
export function withLibrary(scripts: readonly string[]): string {
  const own = scripts.map((script, index) => {
    const text = script.replace(READS_LIBRARY, "").replace(carriedLibrary().join("\n"), "");
    return `script_${index}() {\n${text}\n}\nscript_${index}`;
  });
  return [libraryText(), ...own].join("\n");
}
