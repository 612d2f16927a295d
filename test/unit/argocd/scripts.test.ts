import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applicationScript, applicationsScript, refreshScript } from "../../../providers/argocd/kubectl";

/** Every script as text; `UPDATE_GOLDEN=1` writes the files anew. */
const GOLDEN = join(__dirname, "../golden/argocd");

const EVIL = `'; touch /pwned; "$(touch /pwned)" \`touch /pwned\` %s`;
const cases = Object.entries({
  "applications.sh": applicationsScript(),
  "application.sh": applicationScript("argocd", "root"),
  "application-hostile.sh": applicationScript(EVIL, EVIL),
  "refresh.sh": refreshScript("argocd", "root"),
}).map(([file, script]) => ({ file, script }));

test.each(cases)("$file is what it was when it was last looked at", ({ file, script }) => {
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(join(GOLDEN, file), script);
  }
  expect(script).toBe(readFileSync(join(GOLDEN, file), "utf8"));
  expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
});

const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
(shellcheck ? test : test.skip).each(cases)(
  `$file passes shellcheck${shellcheck ? "" : " (it is not installed)"}`,
  ({ file }) => {
    // SC2016: hostile values must not expand.
    const checked = spawnSync("shellcheck", ["--shell=bash", "--exclude=SC2016", join(GOLDEN, file)], {
      encoding: "utf8",
    });
    expect(checked.stdout + checked.stderr).toBe("");
  },
);
