import { load } from "js-yaml";
import type { Values } from "../../components/addons/values";
import { isPlainObject as isMap } from "../../settings/fields";
import { keysInComments } from "./comments";

/** Parts of values.yaml that take any key beside those that it has. By chart. */
const OPEN: Readonly<Record<string, readonly string[]>> = {
  // ConfigMaps as they are; the default has some of their keys.
  "argo-cd": ["configs.cm", "configs.params", "configs.rbac"],
};

interface Dependency {
  name: string;
  alias?: string;
}

/** What a chart can't do with values, by its Chart.yaml and values.yaml: see `valueProblems`. */
export function problemsWithValues(values: Values, chart: { metadata: string; valuesFile: string }): string[] {
  const { name, dependencies = [] } = load(chart.metadata) as { name: string; dependencies?: Dependency[] };
  const subcharts = dependencies.map((dependency) => dependency.alias ?? dependency.name);
  return valueProblems(values, chart.valuesFile, { open: [...(OPEN[name] ?? []), ...subcharts] });
}

/**
 * The values that a chart's values.yaml has neither as a key nor, switched off, in a comment at the same place; and those of another
 * kind than there: a mapping, a list or a single value. What is empty there takes anything.
 *
 * @param known what else takes any key, as `a.b`
 * @returns a line for each
 */
export function valueProblems(values: Values, valuesFile: string, known: { open: readonly string[] }): string[] {
  const commented = keysInComments(valuesFile);
  const isOpen = (at: string) => known.open.some((open) => at === open || at.startsWith(`${open}.`));
  const compare = (ours: Values, theirs: Values, above: string): string[] =>
    Object.entries(ours).flatMap(([key, value]) => {
      const at = above === "" ? key : `${above}.${key}`;
      // Every chart takes it, for the sake of its subcharts.
      if (at === "global" && !isMap(theirs.global)) return [];
      if (!Object.hasOwn(theirs, key)) {
        return isOpen(at) || commented.has(at) ? [] : [`the chart knows no value ${at}`];
      }
      const below = theirs[key];
      // Null takes the chart's default away.
      if (isEmpty(below) || value === null || value === undefined) return [];
      if (kindOf(value) !== kindOf(below)) return [`${at} is ${kindOf(value)}, and ${kindOf(below)} in the chart`];
      return isMap(value) && isMap(below) ? compare(value, below, at) : [];
    });
  return compare(values, (load(valuesFile) ?? {}) as Values, "");
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return isMap(value) ? "a mapping" : "a single value";
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}
