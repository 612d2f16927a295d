import { coloured, fit, formatDuration, isLive, phase } from "../../../cli/progress";

function screen(isTTY: boolean): { text: string; isTTY: boolean; columns: number; write(text: string): void } {
  return {
    text: "",
    isTTY,
    columns: 40,
    write(text: string) {
      this.text += text;
    },
  };
}

test("a phase without a terminal prints a line at its start and one at its end", async () => {
  const log = screen(false);
  await expect(phase("engine", async () => 7, log)).resolves.toBe(7);
  expect(log.text).toMatch(/^· engine …\n✓ engine \d\.\ds\n$/);
});

test("a phase that fails is marked as failed, and its error reaches the caller", async () => {
  const log = screen(false);
  await expect(phase("engine", () => Promise.reject(new Error("no go")), log)).rejects.toThrow("no go");
  expect(log.text).toMatch(/✗ engine \d\.\ds\n$/);
});

test("a phase can change its title and print lines of its own", async () => {
  const log = screen(false);
  await phase(
    "engine",
    async (running) => {
      running.line("building the language host");
      running.title("engine (built)");
    },
    log,
  );
  expect(log.text).toContain("  building the language host\n");
  expect(log.text).toMatch(/✓ engine \(built\) \d\.\ds\n$/);
});

test("only a terminal outside CI is redrawn", () => {
  expect(isLive(screen(true), {})).toBe(true);
  expect(isLive(screen(true), { CI: "true" })).toBe(false);
  expect(isLive(screen(true), { TERM: "dumb" })).toBe(false);
  expect(isLive(screen(false), {})).toBe(false);
});

test("a redrawn line is cut to the terminal's width", () => {
  expect(fit("short", 40)).toBe("short");
  expect(fit("x".repeat(50), 40)).toBe("x".repeat(38) + "…");
});

test("marks and headings have colours on a terminal, and nowhere else", () => {
  const text = "✓ api  fine\n✗ nodes  a ✗ inside\nWhat to do:\n  go on:";
  const terminal = coloured(text, screen(true), {});
  expect(terminal).toBe(
    "\u001b[32m✓\u001b[39m api  fine\n\u001b[31m✗\u001b[39m nodes  a ✗ inside\n\u001b[1mWhat to do:\u001b[22m\n  go on:",
  );
  for (const environment of [{ NO_COLOR: "1" }, { CI: "true" }, { TERM: "dumb" }])
    expect(coloured(text, screen(true), environment)).toBe(text);
  expect(coloured(text, screen(false), {})).toBe(text);
});

test.each([
  [0, "0.0s"],
  [-5, "0.0s"],
  [140, "0.1s"],
  [9_940, "9.9s"],
  [9_960, "10s"],
  [59_400, "59s"],
  [59_600, "1m00s"],
  [192_000, "3m12s"],
  [3_599_400, "59m59s"],
  [3_599_600, "1h00m"],
  [5_400_000, "1h30m"],
])("%d ms reads as %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
