import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectCommands, type ExpectedFact, expectedFile } from "../../../providers/host/facts/expected";
import { libraryText } from "../../../providers/host/shell/library";
import { inspectionScript } from "../../../providers/host/inspection/script";
import { parseReport } from "../../../providers/host/inspection/parse";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "homelab-expected-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function bash(script: string): string {
  const ran = spawnSync("bash", ["-s"], { input: script, encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`bash ended with ${ran.status}: ${ran.stderr}`);
  return ran.stdout;
}

function write(step: string, facts: ExpectedFact[]): void {
  const own = `before=${folder}/before expected=${folder} step=${step}`;
  bash(["set -euo pipefail", libraryText(), own, expectCommands(facts)].join("\n"));
}

const report = () => parseReport(bash(inspectionScript("homelab-mark", { expectedFolder: folder })), "homelab-mark");

test("expected state is read back as it was written, each fact with what the host shows of it", () => {
  const file = join(folder, "expected.txt");
  writeFileSync(file, "content\n", { mode: 0o644 });
  const facts: ExpectedFact[] = [
    expectedFile(file, "content\n"),
    { kind: "file", key: file },
    expectedFile("/nowhere/it's $(id)", "content\n"),
    { kind: "sysctl", key: "kernel.ostype", value: "Linux" },
    { kind: "sysctl", key: "no.such.sysctl", value: "<a b's> & {c}" },
    { kind: "package", key: "no-such-package", value: "1.0" },
  ];
  write("some-step", facts);
  const seen = report().steps["some-step"]?.facts ?? [];
  const digest = facts[0]?.value;
  expect(seen).toEqual([
    { kind: "file", key: file, expected: digest, found: digest },
    { kind: "file", key: file, expected: digest, found: digest },
    { kind: "file", key: "/nowhere/it's $(id)", expected: digest, found: "missing" },
    { kind: "sysctl", key: "kernel.ostype", expected: "Linux", found: "Linux" },
    { kind: "sysctl", key: "no.such.sysctl", expected: "<a b's> & {c}", found: "missing" },
    { kind: "package", key: "no-such-package", expected: "1.0", found: "missing" },
  ]);
});

test("each run writes the same facts under an id of its own, as JSON", () => {
  const facts: ExpectedFact[] = [{ kind: "sysctl", key: "kernel.ostype", value: "Linux" }];
  const runs = [1, 2].map(() => {
    write("step", facts);
    return JSON.parse(readFileSync(join(folder, "step.json"), "utf8")) as { run: string };
  });
  expect(runs[0]).toEqual({ step: "step", run: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, expected: facts });
  expect(runs[1]?.run).not.toBe(runs[0]?.run);
});

test("a fact that the reader could not take is refused before anything runs", () => {
  for (const value of ['a"b', "a\\b", "a\nb", "ü", ""]) {
    expect(() => expectCommands([{ kind: "sysctl", key: "a", value }])).toThrow("can't be expected");
  }
});

test("a file that no step wrote counts as missing", () => {
  writeFileSync(join(folder, "torn.json"), '{\n"step":"torn",\n');
  expect(report().steps).toEqual({});
});
