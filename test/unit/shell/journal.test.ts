import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { libraryText } from "../../../providers/host/shell/library";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "before-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const before = () => join(folder, "state/before");
const journal = () => readFileSync(join(before(), "journal"), "utf8").trimEnd().split("\n");

/** Runs commands with the library; programs of the host can be replaced by scripts in `bin`. */
function run(text: string): string {
  const script = ["set -euo pipefail", libraryText(), `before=${before()}`, `PATH=${folder}/bin:$PATH`, text];
  const ran = spawnSync("bash", ["-s"], { input: script.join("\n"), encoding: "utf8" });
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: "" });
  return ran.stdout;
}

function program(name: string, body: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

test("what stood in a file's place is kept with its mode before the first write, and later writes leave that alone", () => {
  const file = join(folder, "a.conf");
  writeFileSync(file, "theirs\n", { mode: 0o600 });
  run(`echo ours | write_file ${file} 644`);
  run(`echo other | write_file ${file} 644`);
  const original = join(before(), "files", file);
  expect(readFileSync(original, "utf8")).toBe("theirs\n");
  expect(statSync(original).mode & 0o777).toBe(0o600);
  expect(journal().filter((line) => line.startsWith("file\t"))).toEqual([`file\t${file}\tkept`]);
  expect(journal().filter((line) => line.startsWith("wrote\t"))).toHaveLength(2);
});

test("a file that was not there, and the folders that were made for it, are noted as absent", () => {
  const file = join(folder, "x/y/a.conf");
  run(`echo ours | write_file ${file} 644`);
  expect(journal().slice(0, 3)).toEqual([
    `folder\t${join(folder, "x")}\tabsent`,
    `folder\t${join(folder, "x/y")}\tabsent`,
    `file\t${file}\tabsent`,
  ]);
});

test("a write that is the same as the last one adds nothing to the journal", () => {
  const file = join(folder, "a.conf");
  run(`echo ours | write_file ${file} 644`);
  const once = journal();
  run(`echo ours | write_file ${file} 644`);
  run(`rm ${file}; echo ours | write_file ${file} 644`);
  expect(journal()).toEqual(once);
});

test("a file that is removed is kept first", () => {
  const file = join(folder, "a.conf");
  writeFileSync(file, "theirs\n");
  run(`remove_file ${file}`);
  expect(existsSync(file)).toBe(false);
  expect(readFileSync(join(before(), "files", file), "utf8")).toBe("theirs\n");
});

test("the program's own state is not remembered", () => {
  run(`echo {} | write_file ${folder}/state/expected/a.json 644`);
  expect(existsSync(join(before(), "journal"))).toBe(false);
});

test("a line that was torn by a power cut does not swallow the next one", () => {
  run("remember sysctl a 1");
  appendFileSync(join(before(), "journal"), "sysctl\tb");
  run("remember sysctl c 3");
  expect(journal()).toEqual(["sysctl\ta\t1", "sysctl\tb", "sysctl\tc\t3"]);
});

test("the first value counts, whatever is found later", () => {
  run("remember sysctl a 1; remember sysctl a 2; remember module a missing");
  expect(journal()).toEqual(["sysctl\ta\t1", "module\ta\tmissing"]);
});

test("a name with a backslash, as units of swap have, is found again", () => {
  run(
    `remember unit 'dev-disk-by\\x2duuid.swap' 'enabled active'; remember unit 'dev-disk-by\\x2duuid.swap' 'masked inactive'`,
  );
  expect(journal()).toEqual(["unit\tdev-disk-by\\x2duuid.swap\tenabled active"]);
});

test("of an installation all that apt would add, change and remove is remembered, before it happens", () => {
  program("dpkg-query", `case "$*" in *gone) echo config-files ;; *) exit 1 ;; esac`);
  const plan = ["Remv runc [1.1.5]", "Inst new (1.0 repo [amd64])", "Inst old [1.0] (2.0 repo [amd64])"];
  run(`remember_packages '${[...plan, "Conf new (1.0 repo [amd64])", "Inst gone (1 repo)"].join("\n")}'`);
  expect(journal()).toEqual([
    "removed\trunc\t1.1.5",
    "package\tnew\tabsent",
    "version\told\t1.0",
    "package\tgone\tconfig-files",
  ]);
});
