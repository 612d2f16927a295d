import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { hereDocument, quote, quoteAll } from "../../../providers/host/shell/quote";

function bash(script: string): string {
  const ran = spawnSync("bash", ["-s"], {
    input: script,
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  if (ran.status !== 0) throw new Error(`bash ended with ${ran.status}: ${ran.stderr}`);
  return ran.stdout;
}

/** Any text but NUL, with the characters that shells treat in special ways made likely. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("'", '"', "$(touch /pwned)", "`", "\\", "\n", "!", "*", "~", "EOF", "-n", "ü"),
      fc.string(),
    ),
  )
  .map((parts) => parts.join("").replaceAll("\0", ""));

test("bash prints any quoted text unchanged", () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (values) => {
      const printed = bash(values.map((value) => `printf '%s\\0' ${quote(value)}`).join("\n"));
      expect(printed.split("\0").slice(0, -1)).toEqual(values);
    }),
    { numRuns: 40 },
  );
});

test("a quoted text of ten kilobytes stays one word", () => {
  const long = "a '$(id)' ".repeat(1024);
  expect(bash(`set -- ${quote(long)}; printf '%s' "$#$1"`)).toBe(`1${long}`);
});

test("an empty text is a word of its own", () => {
  expect(quote("")).toBe("''");
  expect(bash(`set -- ${quoteAll(["a", "", "b c"])}; printf '%s|' "$@"`)).toBe("a||b c|");
});

test("ordinary words stay readable", () => {
  expect(quote("/etc/sysctl.d/99-homelab.conf")).toBe("/etc/sysctl.d/99-homelab.conf");
  expect(quote("it's")).toBe(`'it'\\''s'`);
});

test("a here-document gives any text unchanged, even one that has its end mark", () => {
  fc.assert(
    fc.property(text, (value) => {
      const whole = `${value}\nEOF\nEOF_\n`;
      expect(bash(`cat ${hereDocument(whole)}\n`)).toBe(whole);
    }),
    { numRuns: 20 },
  );
});

test("a character that no shell can hold is refused", () => {
  expect(() => quote("a\0b")).toThrow("NUL");
  expect(() => hereDocument("a\0b\n")).toThrow("NUL");
  expect(() => hereDocument("no newline")).toThrow("newline");
});
