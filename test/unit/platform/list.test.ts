import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { load as readYaml } from "js-yaml";
import { CHECKS } from "../../../checks/run-checks";
import { addons } from "../../../components/addons/list";
import { addonsSchema } from "../../../settings/addons";

const FOLDER = path.join(__dirname, "../../../components/addons");
const foldersIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

test("each folder of components/addons is in the list, under its name", () => {
  expect(addons.map(({ name }) => name).sort()).toEqual(foldersIn(FOLDER).sort());
});

test("each chart folder belongs to one add-on, and pins one chart", () => {
  const charts = path.join(__dirname, "../../../charts");
  expect(addons.map(({ chart }) => chart).sort()).toEqual(foldersIn(charts).sort());
  for (const { chart } of addons) {
    const { dependencies } = readYaml(readFileSync(path.join(charts, chart, "Chart.yaml"), "utf8")) as object & {
      dependencies: unknown[];
    };
    expect(dependencies).toEqual([expect.objectContaining({ name: expect.any(String) as string })]);
  }
});

test("each add-on has its settings in the schema, a component, and its findings in `make check`", () => {
  const defaults = addonsSchema.parse({});
  for (const { name, load, check } of addons) {
    expect(defaults[name]).toMatchObject({ enabled: expect.any(Boolean) as boolean, values: {} });
    expect([name, typeof load().install]).toEqual([name, "function"]);
    if (check) expect(CHECKS).toContain(check());
  }
});

test("only the network is on by default", () => {
  const defaults = addonsSchema.parse({});
  expect(addons.filter(({ name }) => defaults[name].enabled).map(({ name }) => name)).toEqual(["cilium"]);
});
