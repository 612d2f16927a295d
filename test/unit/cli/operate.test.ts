import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Operation, operate } from "../../../cli/pulumi";

const { PATH } = process.env;
const events = (name: string) => path.join(__dirname, "events", `${name}.jsonl`);
const OPERATION: Operation = { command: "up", title: "cluster", action: "Go on.", untouched: "Nothing was changed." };

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "operate-"));
  process.env.PATH = `${folder}:${PATH}`;
});

afterEach(() => {
  process.env.PATH = PATH;
  fs.rmSync(folder, { recursive: true });
  jest.restoreAllMocks();
});

/** Runs the operation with a CLI that prints what was recorded. Answers its arguments, what was shown, and the failure. */
async function operateWith(script: string) {
  fs.writeFileSync(path.join(folder, "pulumi"), `#!/bin/sh\necho "$@" > ${folder}/args\n${script}\n`, { mode: 0o755 });
  const stderr = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  const failure = await operate(OPERATION, "lab").then(
    () => undefined,
    (error: unknown) => error,
  );
  const args = fs.readFileSync(path.join(folder, "args"), "utf8").trim();
  return { args, shown: stderr.mock.calls.map(([text]) => String(text)).join(""), failure };
}

test("an operation that succeeds says at its end what it did", async () => {
  const { args, shown, failure } = await operateWith(`cat ${events("create")}`);
  expect(failure).toBeUndefined();
  expect(args).toBe("up --yes --skip-preview --non-interactive --color=never --json --stack lab --suppress-outputs");
  expect(shown).toContain("  + cp1-sysctl created 2s\n");
  expect(shown).toMatch(/✓ cluster: 6 created \d\.\ds\n$/);
});

test("one that fails names what failed, says why at its end, and what to do", async () => {
  const { shown, failure } = await operateWith(`cat ${events("failing-change")}; exit 1`);
  expect(failure).toMatchObject({
    message: "pulumi up of stack lab failed: cp1-two, after, cp1-containerd",
    action: "Go on.",
  });
  expect(shown).toMatch(/cp1-containerd \(.*\):\n {4}error: cp1: doing x failed\n {4}line two\n✗ cluster \d\.\ds\n$/);
});

test("one that fails before anything was changed says that", async () => {
  const { failure } = await operateWith(`cat ${events("failed-preflight")}; exit 1`);
  expect(failure).toMatchObject({
    message: "pulumi up of stack lab failed: preflight",
    action: "Nothing was changed.",
  });
});

test("what the CLI itself says is shown as it is: it may be the reason of a failure", async () => {
  const { shown, failure } = await operateWith(
    "echo 'error: the stack is currently locked by 1 lock(s)' >&2; exit 255",
  );
  expect(shown).toContain("  error: the stack is currently locked by 1 lock(s)\n");
  expect(failure).toMatchObject({ message: "pulumi up of stack lab failed (see above)" });
});
