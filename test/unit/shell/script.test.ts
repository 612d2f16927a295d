import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIBRARY_FILE, libraryText } from "../../../providers/host/shell/library";
import { stepScript } from "../../../providers/host/shell/script";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "homelab-script-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function bash(script: string) {
  return spawnSync("bash", ["-s"], { input: script, encoding: "utf8" });
}

/** Commands with the library, without what makes a step of them: that takes root and the host's lock. */
function commands(text: string): string {
  return ["set -euo pipefail", "host=cp1 step=test", libraryText(), `before=${folder}/state/before`, text].join("\n");
}

test("a script that is cut off anywhere does nothing", () => {
  const witness = join(folder, "witness");
  // Neither root nor a supported system is needed to see whether anything ran: the first command is replaced.
  const script = stepScript({ host: "cp1", step: "cut", commands: `touch ${witness}`, standalone: true }).replace(
    "main() {",
    `main() {\ntouch ${witness}; exit 0`,
  );
  const lastLine = script.lastIndexOf("main </dev/null");
  // Most of it is the library.
  const step = Math.ceil(lastLine / 100);
  for (let length = 0; length <= lastLine; length += step) {
    bash(script.slice(0, length));
    expect(existsSync(witness)).toBe(false);
  }
  bash(script);
  expect(existsSync(witness)).toBe(true);
});

test("a step's name that would be more than a word is refused", () => {
  for (const step of ["a b", "../x", "$(id)", "", "A"]) {
    expect(() => stepScript({ host: "cp1", step, commands: ":" })).toThrow("no name of a step");
  }
});

test("a hostile name of a host is printed, not run", () => {
  const host = `cp1'; touch ${join(folder, "pwned")}; echo '$(touch ${join(folder, "pwned")})`;
  const script = stepScript({ host, step: "hostile", commands: ":", standalone: true }).replace(
    "main() {",
    'main() {\ndie "stop" "go"',
  );
  expect(bash(script).stderr).toBe(`${host}: hostile: stop; go\n`);
  expect(existsSync(join(folder, "pwned"))).toBe(false);
});

test("a step on a host without the library says what to do, and runs nothing", () => {
  const script = stepScript({ host: "cp1", step: "plain", commands: `touch ${folder}/pwned` });
  const ran = bash(script.replaceAll(LIBRARY_FILE, join(folder, "library.sh")));
  expect(ran.status).toBe(1);
  expect(ran.stderr).toContain(
    `cp1: plain: ${folder}/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again\n`,
  );
  expect(existsSync(join(folder, "pwned"))).toBe(false);
});

test("a standalone script prints the library that it carries, to the letter", () => {
  const script = stepScript({ step: "plain", standalone: true, commands: ":" });
  expect(bash(script.replace("main() {", "main() {\nlibrary; exit 0")).stdout).toBe(libraryText());
});

test("a file is written once, with its mode, and again only where it differs", () => {
  const file = join(folder, "below/a.conf");
  const write = commands(`write_file ${file} 0640 <<'END'\nit's $HOME\nEND`);
  expect(bash(write).stdout).toBe(`wrote ${file}\n`);
  expect(readFileSync(file, "utf8")).toBe("it's $HOME\n");
  expect(bash(write).stdout).toBe("");
  writeFileSync(file, "other\n");
  expect(bash(write).stdout).toBe(`wrote ${file}\n`);
  spawnSync("chmod", ["600", file]);
  expect(bash(write).stdout).toBe(`wrote ${file}\n`);
  expect(spawnSync("ls", ["-A", join(folder, "below")], { encoding: "utf8" }).stdout).toBe("a.conf\n");
});

test("a file that can't be written whole leaves the old one as it was", () => {
  const file = join(folder, "a.conf");
  writeFileSync(file, "old\n");
  const ran = bash(commands(`ulimit -f 1\nhead -c 100000 /dev/zero | write_file ${file} 644`));
  expect(ran.status).not.toBe(0);
  expect(readFileSync(file, "utf8")).toBe("old\n");
});

test("a link in a file's place is replaced, and what it points to stays", () => {
  const [link, target] = [join(folder, "link"), join(folder, "target")];
  writeFileSync(target, "theirs\n");
  spawnSync("ln", ["-s", target, link]);
  bash(commands(`echo ours | write_file ${link} 644`));
  expect(readFileSync(target, "utf8")).toBe("theirs\n");
  expect(readFileSync(link, "utf8")).toBe("ours\n");
});

test("a lock's holder is named by process id and name, and none where the file is free", () => {
  const lock = join(folder, "lock");
  writeFileSync(lock, "");
  // As apt locks: fcntl's F_SETLK with struct flock { F_WRLCK, SEEK_SET, 0, 0 }.
  const locker = `use Fcntl; open(my $f, "+<", $ARGV[0]) or die; my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $lock) or die; $| = 1; print "locked\\n"; sleep 20`;
  const script = commands(`
lock_holder ${lock} || echo free
coproc HOLDER { exec perl -e '${locker}' ${lock}; }
read -r _ <&"\${HOLDER[0]}"
lock_holder ${lock}
echo "$HOLDER_PID"
kill "$HOLDER_PID"`);
  const [free, holder, pid] = bash(script).stdout.trim().split("\n");
  expect(free).toBe("free");
  expect(holder).toBe(`${pid} (perl)`);
});
