import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { libraryText } from "../../../providers/host/shell/library";

/** What kubectl does when its words, with a space before and after each, fit a pattern of bash. */
export type FakeAnswer = [pattern: string, commands: string];

/** What a step's commands did with a fake kubectl. */
export interface FakeRun {
  status: number | null;
  stdout: string;
  stderr: string;
  /** What the answers wrote to `$NOTES`. */
  notes: string;
}

/**
 * Runs a step's commands in bash with a kubectl that gives the first answer whose pattern fits, and fails with 99 where none
 * does. An answer may note what it was asked in the file `$NOTES`, and look there for what came before.
 */
export function runWithKubectl(commands: string, answers: readonly FakeAnswer[]): FakeRun {
  const folder = mkdtempSync(path.join(tmpdir(), "fake-kubectl-"));
  try {
    const [program, notes] = [path.join(folder, "kubectl"), path.join(folder, "notes")];
    const cases = answers.map(([pattern, does]) => `  ${pattern}) ${does} ;;`);
    const kubectl = ["#!/bin/bash", 'case " $* " in', ...cases, "  *) exit 99 ;;", "esac", ""];
    writeFileSync(program, kubectl.join("\n"), { mode: 0o755 });
    writeFileSync(notes, "");
    const { status, stdout, stderr } = spawnSync("bash", ["-s"], {
      input: ["set -euo pipefail", "host=cp1 step=test", libraryText(), `PATH=${folder}:$PATH`, commands].join("\n"),
      encoding: "utf8",
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, NOTES: notes },
    });
    return { status, stdout, stderr, notes: readFileSync(notes, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param copies of Longhorn's volumes, as `longhorn_copies` prints them; left out: there is no Longhorn */
export function longhornAnswers(copies: readonly string[] | undefined): FakeAnswer[] {
  const lines = (copies ?? []).map((line) => `'${line}'`).join(" ");
  return [
    ['*" get crd "*', copies ? "echo crd/replicas" : ":"],
    ['*" get replicas.longhorn.io "*', `printf '%s\\n' ${lines}`],
  ];
}
