/** A table in Markdown, head first. Columns are padded as Prettier does it. */
export function markdownTable(lines: string[][]): string {
  const escaped = lines.map((line) => line.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = (escaped[0] ?? []).map((_, column) =>
    Math.max(3, ...escaped.map((line) => (line[column] ?? "").length)),
  );
  const [head = [], ...body] = escaped.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return [head, widths.map((width) => "-".repeat(width)), ...body].map((line) => `| ${line.join(" | ")} |`).join("\n");
}
