import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { scripts } from "../../../package.json";
import { exists, namedPaths, root } from "./named-paths";

const docs = readdirSync(path.join(root, "docs")).filter((file) => file.endsWith(".md"));
const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", ...docs.map((file) => `docs/${file}`)];

/** The anchors that GitHub gives to a page's headings. */
function anchors(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

test.each(pages)("every link of %s to a file of this repository leads somewhere", (page) => {
  const text = readFileSync(path.join(root, page), "utf8").replace(/```[\s\S]*?```/g, "");
  const broken = [...text.matchAll(/\]\(([^)]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file ? path.resolve(root, path.dirname(page), file) : path.join(root, page);
      return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
    });
  expect(broken).toEqual([]);
});

// The changelog says what was, also where a file is gone by now.
test.each([...pages.filter((page) => page !== "CHANGELOG.md"), "lab/multipass/README.md", "lab/plugins/README.md"])(
  "every path of this repository that %s names is there",
  (page) => {
    const named = namedPaths(readFileSync(path.join(root, page), "utf8"));
    expect(named.filter((name) => !exists(name) && !exists(path.join(path.dirname(page), name)))).toEqual([]);
  },
);

test("a path that is gone is found: of a file, of a folder, of a test in a command, at the top, with a part to fill in", () => {
  const gone = ["cli/gone.ts", "test/gone/", "test/unit/cli/gone.test.ts", "gone.ts", "lab/<name>/gone.ts"] as const;
  const text = `\`${gone[0]}\`, (\`${gone[1]}\`). \`npx jest ${gone[2]}\` \`${gone[3]}\` and ${gone[4]}.`;
  expect(namedPaths(text)).toEqual(gone);
  expect(gone.filter(exists)).toEqual([]);
});

test("every page of docs/ is linked from the first one, or from a page that is", () => {
  const linked = pages.map((page) => readFileSync(path.join(root, page), "utf8")).join("\n");
  for (const page of docs) expect(linked).toMatch(new RegExp(`\\]\\((docs/)?${page.replace(".", "\\.")}[#)]`));
});

test("every target of the Makefile that the documents name is in it", () => {
  const makefile = readFileSync(path.join(root, "Makefile"), "utf8");
  const named = pages.flatMap((page) => [
    ...readFileSync(path.join(root, page), "utf8").matchAll(
      /\bmake ((?:STACK=\w+ )?(?:-s )?)([a-z0-9]+(?:-[a-z]+)?)\b(?= STACK|`|$| +#)/gm,
    ),
  ]);
  expect(named.length).toBeGreaterThan(20);
  for (const [, , target = ""] of named) expect(makefile).toMatch(new RegExp(`^${target}:`, "m"));
});

test("every target of the Makefile is an npm script too, and does the same", () => {
  const makefile = readFileSync(path.join(root, "Makefile"), "utf8");
  const targets = [...makefile.matchAll(/^([a-z0-9-]+): .*\n\t\$\(tsx\) (.*)$/gm)].map(([, name, command]) => [
    name,
    `tsx ${command}`,
  ]);
  expect(targets.length).toBeGreaterThan(10);
  expect(scripts).toEqual(Object.fromEntries(targets));
});
