import { filesIn, quoteAll, unquote } from "../../../providers/host/shell/quote";
import { readExpected } from "../../../providers/host/facts/expected";
import { stepScript } from "../../../providers/host/shell/script";
import { scriptChanges } from "../../../cli/plan/script-changes";

test.each([["plain"], ["it's", "two  words", ""], ["'", "''", "\\", "$x `y`"], ["a\nb", "é"]])(
  "words are read back as they were quoted: %j",
  (...words) => expect(unquote(quoteAll(words))).toEqual(words),
);

const script = (commands: string, expected: Parameters<typeof stepScript>[0]["expected"] = []) =>
  stepScript({ host: "cp1", step: "test", commands, expected });

test("the facts and the files of a script are read back", () => {
  const text = script("write_file /etc/a 644 <<'EOF'\none\ntwo\nEOF", [
    { kind: "sysctl", key: "vm.swappiness", value: "10" },
    { kind: "file", key: "/etc/with blank" },
  ]);
  expect(readExpected(text)).toEqual([
    { kind: "sysctl", key: "vm.swappiness", value: "10" },
    { kind: "file", key: "/etc/with blank" },
  ]);
  expect([...filesIn(text)]).toEqual([["/etc/a", "one\ntwo\n"]]);
});

test("only what differs is said, and a script that differs in nothing else by its own lines", () => {
  const file = (content: string) => `write_file /etc/a 644 <<'EOF'\n${content}EOF`;
  const { lines, facts } = scriptChanges(script(file("one\ntwo\n")), script(file("one\n3\n")));
  expect(lines.map(({ mark, text }) => mark + text)).toEqual([" file /etc/a", "-  two", "+  3"]);
  expect([...facts]).toEqual(["file /etc/a"]);
  expect(scriptChanges(script("echo a"), script("echo b")).lines).toEqual([
    { mark: "-", text: "echo a" },
    { mark: "+", text: "echo b" },
  ]);
  expect(scriptChanges(script("remember_unit a"), script("remember_unit b")).lines).toEqual([]);
});
