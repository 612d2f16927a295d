import { follow, inPhase } from "../../../cli/programs";
import { Failure, lastLines, must, run } from "../../../lab/run-program";

test("a program that does not exist ends with exit code 1 and a reason", async () => {
  const ended = await run("no-such-program-here", []);
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toContain("ENOENT");
});

test("a command that takes too long is ended, and counts as failed", async () => {
  const ended = await run("sleep", ["30"], { timeoutSeconds: 0.2 });
  expect(ended).toMatchObject({ exitCode: 1, timedOut: true });
});

test("the input reaches the command by its standard input", async () => {
  await expect(must("copying", "cat", [], { input: "a 'quoted' $(line)" })).resolves.toBe("a 'quoted' $(line)");
});

test("a command that must succeed fails with what it was for and what it said last", async () => {
  const failing = must("reading the moon", "sh", ["-c", "echo it is dark >&2; exit 3"]);
  await expect(failing).rejects.toThrow("reading the moon failed (sh ended with exit code 3)");
  await expect(failing).rejects.toMatchObject({ action: "it is dark" });
});

test("followed output comes line by line from both streams, an unfinished last line too", async () => {
  const lines: string[] = [];
  const exitCode = await follow("sh", ["-c", "echo one; echo two >&2; printf three; exit 4"], (line) =>
    lines.push(line),
  );
  expect(exitCode).toBe(4);
  expect(lines.sort()).toEqual(["one", "three", "two"]);
});

test("a failed command of a phase explains itself by its last lines", async () => {
  const notes: string[] = [];
  const screen = { note: (text: string) => notes.push(text), line: () => undefined, title: () => undefined };
  const failing = inPhase(screen, "building", ["sh", "-c", "echo step; echo broken; exit 1"]);
  await expect(failing).rejects.toEqual(new Failure("building failed (sh ended with exit code 1)"));
  expect(notes).toEqual(["step", "broken"]);
});

test("the last lines of a text leave out its trailing line breaks", () => {
  expect(lastLines("a\nb\nc\n\n", 2)).toBe("b\nc");
});
