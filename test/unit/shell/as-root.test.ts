import { spawnSync } from "node:child_process";
import { answerOf, asRoot, marked, newMarker, SCRIPT_COMMAND } from "../../../providers/host/shell/as-root";

/** Quotes of all kinds, line breaks and what a shell would expand: it must come out as it went in. */
const SCRIPT = `cat <<'END'
it's "quoted" \\ \\n $HOME \`id\` ! ~ * \u00e9
END
exit 3
`;
const PRINTS = `it's "quoted" \\ \\n $HOME \`id\` ! ~ * \u00e9\n`;

test("the command that scripts are sent to is of plain words alone, so that every login shell takes it as it is", () => {
  expect(SCRIPT_COMMAND).toMatch(/^[a-z]+( -?[a-z]+)*$/);
});

test("shell-prints: what a script printed, and its exit code, are read whatever a login shell prints and answers", () => {
  const marker = newMarker();
  const noise = "echo welcome; echo '{}' >&2; printf 'no line break'";
  const shell = `${noise}; ${SCRIPT_COMMAND}; ${noise}; exit 0`;
  const ran = spawnSync("sh", ["-c", shell], { input: marked(SCRIPT, marker), encoding: "utf8" });
  expect(ran.status).toBe(0);
  expect(answerOf(ran, marker)).toEqual({ stdout: PRINTS, stderr: "{}\n", exitCode: 3 });
});

test("a script that did not run is told from one that was cut off", () => {
  expect(answerOf({ stdout: "Restricted shell\n", stderr: "" }, "m")).toBeUndefined();
  expect(answerOf({ stdout: "m\nhalf of it", stderr: "" }, "m")).toBe("cut");
  const marker = newMarker();
  const ran = spawnSync("bash", ["-s"], { input: marked("kill -9 $PPID; sleep 1", marker), encoding: "utf8" });
  expect(answerOf(ran, marker)).toBe("cut");
});

test("root needs no sudo", () => {
  expect(asRoot("id\n", { user: "root", sudoPassword: "p" })).toBe("id\n");
  expect(asRoot("id\n", { user: "ops" })).toBe("export LC_ALL=C; exec sudo -n bash -s\nid\n");
});
