import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import {
  type CommandName,
  COMMANDS,
  explain,
  help,
  readCommandLine,
  refuseUnsupported,
} from "../../../cli/command-line";
import { CHECKOUT } from "../../../cli/places";
import { Failure } from "../../../lab/run-program";

const makefile = fs.readFileSync(path.join(CHECKOUT, "Makefile"), "utf8");
/** What each target of the Makefile runs. */
const recipes = Object.fromEntries(
  [...makefile.matchAll(/^([a-z0-9-]+):.*\n\t\$\(tsx\) (.*)$/gm)].map(([, target = "", recipe = ""]) => [
    target,
    recipe,
  ]),
);
const commands = Object.keys(COMMANDS) as CommandName[];
/** A tier of `make test` by another name; and what only a workflow calls. */
const TIERS = ["e2e", "e2e-vm", "lint"];
const WITHOUT_TARGET = ["from-empty"];

test("each command is a target of make, and `make help` says of it what it says itself", () => {
  expect(Object.keys(recipes).length).toBeGreaterThan(10);
  expect(Object.keys(recipes).sort()).toEqual(
    [...commands, ...TIERS].filter((name) => !WITHOUT_TARGET.includes(name)).sort(),
  );
  const listed = execFileSync("make", ["help"], { cwd: CHECKOUT, encoding: "utf8" });
  for (const name of commands.filter((each) => !WITHOUT_TARGET.includes(each))) {
    expect(listed).toMatch(new RegExp(`^ {2}make ${name} +${escaped(COMMANDS[name].does)}$`, "m"));
  }
});

test("make hands each variable on that an option can be given by", () => {
  const exported = /^export (.*)$/m.exec(makefile)?.[1]?.split(" ") ?? [];
  const variables = commands.flatMap((name) =>
    [...help(name).matchAll(/\[([A-Z_]+)=/g)].map(([, variable = ""]) => variable),
  );
  expect([...new Set(variables)].sort()).toEqual(exported.sort());
});

test.each(commands)("%s says with --help what it does and takes, and refuses everything else", (name) => {
  expect(readCommandLine(name, ["--help"])).toBe("help");
  expect(readCommandLine(name, ["-h"])).toBe("help");
  expect(help(name)).toMatch(new RegExp(`^ {2}(npm run ${name} --|npx tsx cli/${name}.ts )`, "m"));
  for (const option of COMMANDS[name].options) expect(help(name)).toContain(`--${option}`);
  expect(() => readCommandLine(name, ["--no-such-thing"])).toThrow(`${name}: unknown option '--no-such-thing'`);
  if (!("operands" in COMMANDS[name]))
    expect(() => readCommandLine(name, ["moon"])).toThrow(`${name}: unexpected argument 'moon'`);
});

test("a command that is called with what it doesn't know ends with its usage, and does nothing", () => {
  const tsx = path.join(CHECKOUT, "node_modules/.bin/tsx");
  const run = (...args: string[]) => {
    try {
      return {
        exitCode: 0,
        said: execFileSync(tsx, ["cli/check.ts", ...args], { cwd: CHECKOUT, encoding: "utf8", stdio: "pipe" }),
      };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      return { exitCode: status, said: String(stderr) };
    }
  };
  expect(run("--help")).toEqual({ exitCode: 0, said: help("check") });
  expect(run("--jsn")).toMatchObject({
    exitCode: 2,
    said: expect.stringContaining("check: unknown option '--jsn'") as string,
  });
});

test("an option on the command line counts more than make's variable", () => {
  const variables = { STACK: "lab", JSON: "1", GONE: "0", CHARTS: "" };
  expect(readCommandLine("check", ["--stack", "metal"], variables)).toEqual({
    stack: "metal",
    json: true,
    operands: [],
  });
  expect(readCommandLine("check", [], variables)).toEqual({ stack: "lab", json: true, operands: [] });
  expect(readCommandLine("down", [], variables)).toEqual({ stack: "lab", gone: false, operands: [] });
  expect(readCommandLine("charts-check", [], variables)).toEqual({ operands: [] });
  expect(readCommandLine("test", ["unit", "program"], {})).toEqual({ operands: ["unit", "program"] });
});

test("a failure says what failed and what to do; anything else is a defect, and says where it happened", () => {
  expect(explain(new Failure("the moon is gone", "Wait.\nThen run it again."))).toBe(
    "\n✗ the moon is gone\n\n  Wait.\n  Then run it again.\n",
  );
  expect(explain(new Error("boom"))).toMatch(/^\n✗ Error: boom\n {4}at /);
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

test("windows: every command is refused there, with what works", () => {
  expect(() => refuseUnsupported("win32")).toThrow(
    "this workstation runs Windows, and the program needs Linux or macOS",
  );
  try {
    refuseUnsupported("win32");
  } catch (error) {
    expect((error as Failure).action).toMatch(/WSL2.*`make up` there\. It makes the lab/s);
  }
  for (const platform of ["linux", "darwin"]) expect(() => refuseUnsupported(platform)).not.toThrow();
});
