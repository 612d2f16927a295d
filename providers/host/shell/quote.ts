/**
 * A value as one word of a POSIX shell, taken literally whatever it holds: the only way by which a value enters a script.
 *
 * @throws Error where the value has a NUL character, which no shell can hold.
 */
export function quote(value: string): string {
  if (value.includes("\0")) throw new Error("a value with a NUL character can't be passed to a shell");
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Several values as words of a shell. */
export function quoteAll(values: readonly string[]): string {
  return values.map(quote).join(" ");
}

/**
 * A text as a here-document that the shell doesn't expand, for use after a command, as in `cat ${hereDocument(text)}`.
 * Reads better in a preview's diff than a quoted word. The text must end with a newline.
 */
export function hereDocument(text: string): string {
  if (text.includes("\0")) throw new Error("a text with a NUL character can't be passed to a shell");
  if (!text.endsWith("\n")) throw new Error("a here-document must end with a newline");
  const lines = new Set(text.split("\n"));
  let end = "EOF";
  while (lines.has(end)) end += "_";
  return `<<'${end}'\n${text}${end}`;
}

/** The words that `quoteAll` wrote, as they were before. */
export function unquote(words: string): string[] {
  return [...words.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|\\(')/g, (_, inside: string | undefined, quotationMark: string) => inside ?? quotationMark),
  );
}

/** The files that a script writes whole by `write_file PATH MODE` and a here-document: their texts, by path. */
export function filesIn(script: string): Map<string, string> {
  const written = script.matchAll(/\bwrite_file (\S+) \d+ <<'(EOF_*)'\n([^]*?)^\2$/gm);
  return new Map([...written].map(([, path = "", , text = ""]) => [unquote(path).join(" "), text]));
}
