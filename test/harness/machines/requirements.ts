import { existsSync } from "node:fs";
import execa from "execa";

/**
 * Why something can't run on this workstation, for the report; nothing where it can. It needs Linux, root and programs.
 *
 * @param what begins the reason
 * @param needs programs, or files by their absolute paths, each with the package that has it
 */
export function missingRequirements(what: string, needs: Record<string, string>): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return `${what} needs Linux and root`;
  const missing = Object.keys(needs).filter((found) => !(found.startsWith("/") ? existsSync(found) : onPath(found)));
  return missing.length > 0 ? `not installed: ${missing.map((found) => needs[found]).join(", ")}` : undefined;
}

function onPath(program: string): boolean {
  return execa.sync("sh", ["-c", `command -v ${program}`], { reject: false }).exitCode === 0;
}

/** `test`; where something is missing the same one, skipped, with the reason in its title: the report shows it. */
export function testUnless(missing: string | undefined): (title: string, run: () => Promise<void>) => void {
  return missing === undefined ? test : (title, run) => test.skip(`${title} (skipped: ${missing})`, run);
}
