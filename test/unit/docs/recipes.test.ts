import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { addons } from "../../../components/addons/list";
import { kinds } from "../../../providers/machines/kinds";
import { exists, root } from "./named-paths";

const page = readFileSync(path.join(root, "CONTRIBUTING.md"), "utf8");
const [, recipes = ""] = page.split("\n## Recipes\n");
const sections = (recipes.split("\n## ")[0] ?? "").split("\n### ").slice(1);
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, inner = ""]) => inner);

test("there is a recipe for each thing that is added often", () => {
  expect(sections.map((section) => section.split("\n")[0])).toEqual([
    "A host step",
    "A kind of fact",
    "An add-on",
    "A machine kind",
    "A Kubernetes version",
    "A check of a running cluster",
  ]);
});

test.each(sections.map((section) => [section.split("\n")[0] ?? "", section] as const))(
  "%s: what the recipe names is there",
  (_, section) => {
    const paths = quoted(section).filter((text) => /^[\w.-]+(\/[\w.<>-]+)*\/?$/.test(text) && /[/.]/.test(text));
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.filter((one) => !exists(one))).toEqual([]);
  },
);

test.each(sections.map((section) => [section.split("\n")[0] ?? "", section] as const))(
  "%s: the lists and types that the recipe names are in their files",
  (_, section) => {
    const pairs = [...section.matchAll(/`(\w+)` (?:in|of) `([^`<]+)`/g)];
    expect(pairs.length).toBeGreaterThan(0);
    for (const [, name = "", file = ""] of pairs) {
      const text = readFileSync(path.join(root, file), "utf8");
      expect([file, name, new RegExp(`\\b${name}\\b`).test(text)]).toEqual([file, name, true]);
    }
  },
);

test("what is in a list has the files that its recipe names", () => {
  const files = [
    ...addons.flatMap(({ name, chart }) => [
      `components/addons/${name}/addon.ts`,
      `components/addons/${name}/settings.ts`,
      `charts/${chart}/Chart.yaml`,
      `charts/${chart}/values.yaml`,
    ]),
    ...kinds.flatMap(({ name }) =>
      ["kind.ts", "settings.ts", "machines.ts"].map((file) => `providers/machines/${name}/${file}`),
    ),
  ];
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
