import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { carriedLibrary } from "../../providers/host/shell/script";
import { type Shell, testShellcheck, usesLibrary, withLibrary } from "./shellcheck";

const CHECKOUT = path.join(__dirname, "..", "..");
const GOLDEN = path.join(CHECKOUT, "test", "unit", "golden");
const STATIC = ["components", "providers"].flatMap((folder) =>
  readdirSync(path.join(CHECKOUT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(sh|pl)$/.test(file))
    .map((file) => path.join(folder, file))
    .sort(),
);

/** A value that would run commands wherever a script holds it without quotes around it. */
export const HOSTILE = `'; touch /pwned; "$(touch /pwned)" \`touch /pwned\` %s`;

export interface GoldenArgs {
  /** What the scripts are written for; bash by default. */
  shell?: Shell;
  /** Codes of shellcheck that are right in these scripts; `"all"`: it is not asked. */
  except: readonly string[] | "all";
}

/**
 * Tests of scripts as text, so that a change shows in a review as what it changes on the hosts: each is what its golden
 * file holds, its shell can read it, and shellcheck finds nothing in it together with the library. The library that a script
 * carries is left out of its golden file, and so are the static files in it. `UPDATE_GOLDEN=1` writes the files again.
 *
 * @param folder below `test/unit/golden`
 * @param scripts by their files in the folder
 */
export function testGolden(folder: string, scripts: Record<string, string>, args: GoldenArgs): void {
  const { shell = "bash", except } = args;
  for (const [file, script] of Object.entries(scripts)) {
    const golden = path.join(GOLDEN, folder, file);
    test(`${file} is what it was when it was last reviewed`, () => {
      if (process.env.UPDATE_GOLDEN) {
        mkdirSync(path.dirname(golden), { recursive: true });
        writeFileSync(golden, short(script));
      }
      expect(short(script)).toBe(existsSync(golden) ? readFileSync(golden, "utf8") : "(no such golden file)");
    });
    test(`${file} is correct ${shell}`, () => {
      expect(spawnSync(shell, ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
    });
    if (except !== "all" && !usesLibrary(script)) testShellcheck(file, script, except, shell);
  }
  const together = Object.values(scripts).filter(usesLibrary);
  if (except !== "all" && together.length > 0)
    testShellcheck(`${folder}, together with the library,`, withLibrary(together), except);
}

/** A script without the library that it carries, and without the static files that it is put together from: they are reviewed themselves. */
function short(script: string): string {
  const files = STATIC.map((file) => ({ file, text: readFileSync(path.join(CHECKOUT, file), "utf8").trim() }));
  return files
    .filter(({ text }) => text.includes("\n"))
    .reduce(
      (rest, { file, text }) => rest.replace(text, `# (${file})`),
      script.replace(carriedLibrary().join("\n"), "# (the library)"),
    );
}
