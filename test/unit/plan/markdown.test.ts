import MarkdownIt from "markdown-it";
import { forPullRequest } from "../../../cli/plan/markdown";
import type { Change, Plan } from "../../../cli/plan/plan";

/** As GitHub reads it, but that HTML stays visible as such: what is HTML here is markup there. */
const markdown = new MarkdownIt({ html: true });

const HOSTILE = [
  "</dev/null",
  "<!-- the rest is gone",
  "```\n## Nothing changes\n",
  "````",
  "`code` ``two``",
  "| a cell | more |",
  "@everybody, see #1 and https://example.com",
  "</details><details open>",
  "<script>alert(1)</script>",
  "**bold** _it_ ~~gone~~ [link](javascript:x)",
  "> [!CAUTION]",
  "line one\r\nline two",
];

const plan: Plan = {
  ...{ stack: "metal", errors: [], warnings: [], refused: [], changes: [], logins: 0, follows: [], unknown: [] },
  ...{ counts: { create: 0, update: 1, replace: 0, delete: 0, unchanged: 3 }, digest: "0123456789ab" },
};

function change(text: string, more: Partial<Change> = {}): Change {
  const lines = [{ mark: "+", text } as const];
  return {
    section: "hosts",
    operation: "update",
    title: text,
    hosts: [text],
    lines,
    effects: [text],
    setBy: [text],
    ...more,
  };
}

/** All tokens, those inside others too. */
function tokens(text: string) {
  return markdown.parse(text, {}).flatMap((token) => [token, ...(token.children ?? [])]);
}

test.each(HOSTILE)("a setting's text can't be markup, hide or forge a line: %j", (text) => {
  const all = [change(text), change("an honest one")];
  const rendered = forPullRequest({ ...plan, changes: all, refused: [text], warnings: [text] });
  const parsed = tokens(rendered);
  const html = parsed
    .filter(({ type }) => type === "html_block" || type === "html_inline")
    .map(({ content }) => content.trim());
  for (const piece of html) expect(piece).toMatch(/^(<details><summary>[^<>&]*<\/summary>|<\/details>)$/);
  const fences = parsed.filter(({ type }) => type === "fence").map(({ content }) => content);
  // Refused, disturbed, warned of, and the line itself.
  const found = fences.filter((content) => text.split(/\r?\n/).every((line) => content.includes(line)));
  expect(found.length).toBeGreaterThanOrEqual(3);
  expect(fences.some((content) => content.includes("+ an honest one"))).toBe(true);
  expect(parsed.filter(({ type }) => type === "heading_open")).toHaveLength(1);
  const count = (wanted: string) => parsed.filter(({ type }) => type === wanted).length;
  // Each alert has a title of its own.
  expect(["link_open", "em_open", "s_open", "strong_open"].map(count)).toEqual([0, 0, 0, 3]);
  expect(
    parsed
      .filter(({ type }) => type === "text")
      .map(({ content }) => content)
      .join(" "),
  ).not.toMatch(/@everybody/);
});

test.each([
  [
    "many changes",
    Array.from({ length: 3000 }, (_, index) => change(`sysctl ${index} ${"x".repeat(200)}`, { effects: [] })),
  ],
  [
    "long changes",
    [change("values", { lines: Array.from({ length: 20_000 }, () => ({ mark: "+", text: "y".repeat(60) }) as const) })],
  ],
  ["long texts", [change("z".repeat(70_000), { effects: [] })]],
])("%s of a megabyte fit into one comment, and what is refused is never cut", (_, changes) => {
  const rendered = forPullRequest({ ...plan, changes, refused: ["the Kubernetes version can't be changed yet"] });
  expect(Buffer.byteLength(rendered)).toBeLessThanOrEqual(60_000);
  expect(rendered).toContain("the Kubernetes version can't be changed yet");
  expect(rendered).toContain("3 unchanged");
  expect(tokens(rendered).filter(({ type }) => type === "fence").length).toBeGreaterThanOrEqual(1);
});

test("a failed preview says why, and shows nothing that isn't known", () => {
  const rendered = forPullRequest({ ...plan, errors: ["addons.cilium.hubbel: is not a known setting"] });
  expect(rendered).toMatch(/^## metal can't be planned$/m);
  expect(rendered).toContain("addons.cilium.hubbel: is not a known setting");
  expect(rendered).not.toContain("unchanged");
});
