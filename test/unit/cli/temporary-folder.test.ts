import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

jest.setTimeout(60_000);

let base: string;
beforeEach(() => (base = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-temporary-"))));
afterEach(() => fs.rmSync(base, { recursive: true }));

const source = path.resolve(__dirname, "../../../cli/temporary-folder.ts");

/** Another process that takes a temporary folder, and lets a program of its own leave a kubeconfig there. */
function run(ends = ""): { stdout: string; pid: number } {
  const program = `const { useTemporaryFolder } = require(${JSON.stringify(source)});
    console.log(useTemporaryFolder());
    require("child_process").execFileSync("sh", ["-c", "umask 077; echo secret > $(mktemp -t kubeconfig.XXXX); mkdir $TMPDIR/more"]);
    ${ends}`;
  const { stdout, pid } = spawnSync(process.execPath, ["--require", "tsx/cjs", "-e", program], {
    cwd: path.resolve(__dirname, "../../.."),
    env: { ...process.env, TMPDIR: base },
    encoding: "utf8",
  });
  return { stdout: stdout.trim(), pid };
}

test("what a run's programs leave in the temporary folder is deleted when it ends, however it ends", () => {
  for (const ends of ["", "process.exit(3)", "throw new Error()"]) {
    expect(path.dirname(run(ends).stdout)).toBe(base);
    expect(fs.readdirSync(base).filter((name) => name.startsWith("homelab-run-"))).toEqual([]);
  }
});

test("what a killed run left is deleted by the next one, and nothing else is", () => {
  const killed = run('process.kill(process.pid, "SIGKILL")');
  const left = path.basename(killed.stdout);
  expect(fs.readdirSync(path.join(base, left))).toEqual([expect.stringMatching(/^kubeconfig\./), "more"]);
  const mine = [`homelab-run-${process.pid}-abc`, "homelab-run-notes", `kubeconfig-${killed.pid}`];
  for (const name of mine) fs.mkdirSync(path.join(base, name));
  fs.symlinkSync(path.join(base, "homelab-run-notes"), path.join(base, `homelab-run-${killed.pid}-link`));
  run();
  const there = fs.readdirSync(base).filter((name) => !name.startsWith("tsx"));
  expect(there.sort()).toEqual([...mine, `homelab-run-${killed.pid}-link`].sort());
});
