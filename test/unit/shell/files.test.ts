import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { testShellcheck } from "../../harness/shellcheck";

const checkout = path.resolve(__dirname, "../../..");
const listed = execFileSync("git", ["-c", "safe.directory=*", "ls-files", "-z", "*.sh"], {
  cwd: checkout,
  encoding: "utf8",
});
/** Goldens are checked as what is sent to a host, by the tests that own them. */
const files = listed.split("\0").filter((file) => file !== "" && !file.startsWith("test/unit/golden/"));

test("finds the checkout's scripts", () => {
  expect(files).toEqual(expect.arrayContaining(["lab/multipass/machine.sh", "providers/kubeadm/join.sh"]));
});

for (const file of files) {
  const script = readFileSync(path.join(checkout, file), "utf8");
  // The program sets variables before a part of a script. That all are set is checked in the whole script, by its own test.
  testShellcheck(file, script, script.startsWith("#!") ? [] : ["SC2154"]);
}
