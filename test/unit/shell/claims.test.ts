import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Claim, CLAIMS_FOLDER, fileClaim, writeClaims } from "../../../providers/host/shell/claims";
import { functionsFor } from "../../../providers/host/shell/functions";
import { gatherScript } from "../../../providers/host/inspection/gather";
import { parseGathering } from "../../../providers/host/inspection/parse";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "homelab-claims-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function bash(script: string): string {
  const ran = spawnSync("bash", ["-s"], { input: script, encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`bash ended with ${ran.status}: ${ran.stderr}`);
  return ran.stdout;
}

function write(step: string, claims: Claim[]): void {
  const text = writeClaims(step, claims).replaceAll(CLAIMS_FOLDER, folder);
  bash(["set -euo pipefail", `before=${folder}/before`, ...functionsFor(text), text].join("\n"));
}

const gather = () => parseGathering(bash(gatherScript("homelab-mark", { claimsFolder: folder })), "homelab-mark");

test("claims are read back as they were written, each with what the host shows of it", () => {
  const file = join(folder, "claimed.txt");
  writeFileSync(file, "content\n", { mode: 0o644 });
  const claims: Claim[] = [
    fileClaim(file, "content\n"),
    { kind: "file", key: file },
    fileClaim("/nowhere/it's $(id)", "content\n"),
    { kind: "sysctl", key: "kernel.ostype", value: "Linux" },
    { kind: "sysctl", key: "no.such.sysctl", value: "<a b's> & {c}" },
    { kind: "package", key: "no-such-package", value: "1.0" },
  ];
  write("some-step", claims);
  const observations = gather().steps["some-step"]?.observations ?? [];
  const digest = claims[0]?.value;
  expect(observations).toEqual([
    { kind: "file", key: file, claimed: digest, found: digest },
    { kind: "file", key: file, claimed: digest, found: digest },
    { kind: "file", key: "/nowhere/it's $(id)", claimed: digest, found: "missing" },
    { kind: "sysctl", key: "kernel.ostype", claimed: "Linux", found: "Linux" },
    { kind: "sysctl", key: "no.such.sysctl", claimed: "<a b's> & {c}", found: "missing" },
    { kind: "package", key: "no-such-package", claimed: "1.0", found: "missing" },
  ]);
});

test("each run writes the same claims under an id of its own, as JSON", () => {
  const claims: Claim[] = [{ kind: "sysctl", key: "kernel.ostype", value: "Linux" }];
  const runs = [1, 2].map(() => {
    write("step", claims);
    return JSON.parse(readFileSync(join(folder, "step.json"), "utf8")) as { run: string };
  });
  expect(runs[0]).toEqual({ step: "step", run: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, claims });
  expect(runs[1]?.run).not.toBe(runs[0]?.run);
});

test("a claim that the reader could not take is refused before anything runs", () => {
  for (const value of ['a"b', "a\\b", "a\nb", "ü", ""]) {
    expect(() => writeClaims("step", [{ kind: "sysctl", key: "a", value }])).toThrow("can't be claimed");
  }
  expect(() => writeClaims("step", [{ kind: "sysctl", key: "a" }])).toThrow("needs a value");
});

test("a claims file that no step wrote counts as missing", () => {
  writeFileSync(join(folder, "torn.json"), '{\n"step":"torn",\n');
  expect(gather().steps).toEqual({});
});
