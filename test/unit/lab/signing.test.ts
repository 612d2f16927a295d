import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { fingerprintOf, signingFingerprint, signingSeed } from "../../../lab/packages/signing";

/** It starts programs, beside tests that use all cores. */
jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-signing-"));
  process.env.HOMELAB_LAB_CACHE = folder;
});

afterEach(() => {
  delete process.env.HOMELAB_LAB_CACHE;
  fs.rmSync(folder, { recursive: true });
});

test("the fingerprint of a seed's key is the one that the mirror's program makes of it (lab/mirror/signing_test.go)", () => {
  const seed = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  expect(fingerprintOf(seed)).toBe("844FC86837BC3DE1B9F64836A0C61CB3C6044A61");
});

test("mirror-impostor: each cache has a key of its own, that stays, and whose seed is readable by its owner alone", () => {
  const first = signingFingerprint();
  expect(first).toMatch(/^[0-9A-F]{40}$/);
  expect(signingFingerprint()).toBe(first);
  expect(fs.statSync(signingSeed()).mode & 0o777).toBe(0o600);
  process.env.HOMELAB_LAB_CACHE = path.join(folder, "other");
  expect(signingFingerprint()).not.toBe(first);
});

test("two runs that make the seed at the same time have the same", async () => {
  const signing = path.resolve(__dirname, "../../../lab/packages/signing.ts");
  const program = `console.log(require(${JSON.stringify(signing)}).signingFingerprint())`;
  const checkout = path.resolve(__dirname, "../../..");
  const options = { cwd: checkout, env: { ...process.env }, encoding: "utf8" } as const;
  const script = 'for i in 1 2 3; do "$0" --require tsx/cjs -e "$1" & done; wait';
  const { stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, program], options);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual(Array(3).fill(signingFingerprint()));
  expect(execFileSync("find", [folder, "-name", "signing-seed*"], { encoding: "utf8" }).trim()).toBe(signingSeed());
});
