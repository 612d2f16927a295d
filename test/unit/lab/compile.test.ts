import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { compile } from "../../../lab/build/compile";
import { requireGo } from "../../../lab/build/go";

let folder: string;
const { PATH } = process.env;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-compile-"));
  process.env.HOMELAB_LAB_CACHE = path.join(folder, "cache");
});

afterEach(() => {
  delete process.env.HOMELAB_LAB_CACHE;
  process.env.PATH = PATH;
  fs.rmSync(folder, { recursive: true });
});

/** Puts a program named `go` before the real one. */
function goThat(does: string): void {
  const program = path.join(folder, "bin", "go");
  fs.mkdirSync(path.dirname(program));
  fs.writeFileSync(program, `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  process.env.PATH = `${path.dirname(program)}:${PATH}`;
}

function module(goLine: string): string {
  const result = fs.mkdtempSync(path.join(folder, "module-"));
  fs.writeFileSync(path.join(result, "go.mod"), `module example\n\n${goLine}\n`);
  return result;
}

describe("the Go toolchain", () => {
  it("that is older than a module asks for is refused, with the version that would do", async () => {
    goThat("echo go1.26.1");
    await expect(requireGo([module("go 1.25.9"), module("go 1.26.2")])).rejects.toMatchObject({
      message: "the lab's programs need Go 1.26.2, and go1.26.1 was found",
      action: expect.stringContaining("Install Go 1.26.2 or later") as string,
    });
  });

  it.each(["go1.26.2", "go1.26.10", "go1.27rc1"])("%s builds a module that asks for 1.26.2", async (version) => {
    goThat(`echo ${version}`);
    await expect(requireGo([module("go 1.26.2")])).resolves.toBeUndefined();
  });

  it("that is not there is asked for", async () => {
    process.env.PATH = folder;
    await expect(requireGo([module("go 1.26.2")])).rejects.toMatchObject({
      message: "the lab's programs are built from source, and `go` can't be run",
      action: expect.stringContaining("Install Go 1.26.2 or later") as string,
    });
  });
});

describe("a build that fails", () => {
  it("shows the end of what the compiler said, and where the rest is", async () => {
    goThat(
      '[ "$1" = list ] && exec echo main\nseq -f "line %g" 1 40 >&2; echo example/package >&2; echo "main.go:7: undefined: x" >&2; exit 1',
    );
    const said: string[] = [];
    const recipe = { title: "thing 1.0", module: module("go 1.26.2"), binaries: { ".": "thing" } };
    const failure: Error = await compile(recipe, "thing", folder, (line) => said.push(line)).then(
      () => fail("it was built"),
      (error: Error) => error,
    );
    expect(said).toEqual(["building thing 1.0 …"]);
    expect(failure.message).toMatch(
      /^building thing 1.0 failed:\nline 17\n[^]*line 40\nmain.go:7: undefined: x\nThe whole output is in /,
    );
    const log = failure.message.split(" is in ")[1]?.replace(/\.$/, "") ?? "";
    expect(fs.readFileSync(log, "utf8").split("\n")).toHaveLength(43);
  });
});
