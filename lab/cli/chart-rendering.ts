import { execFileSync, spawnSync } from "node:child_process";
import { load, loadAll } from "js-yaml";
import { versions } from "../../versions";

/** What the program gives a release. */
export interface ReleaseInputs {
  name: string;
  namespace: string;
  values: Record<string, unknown>;
}

export interface Rendering {
  /** How many objects came out. */
  objects: number;
  /** What is wrong: a line each. */
  problems: string[];
}

/** Parts of values.yaml that take any key beside those that it has. By chart. */
const OPEN: Readonly<Record<string, readonly string[]>> = {
  // ConfigMaps as they are; the default has some of their keys.
  "argo-cd": ["configs.cm", "configs.params", "configs.rbac"],
};

/** Renders a packaged chart by Helm, as for the pinned version of Kubernetes, and looks for values that it doesn't know. */
export function checkChart(helm: string, file: string, release: ReleaseInputs): Rendering {
  const show = (what: string) => execFileSync(helm, ["show", what, file], { encoding: "utf8", maxBuffer: 64e6 });
  const unknown = unknownValues(release.values, { metadata: show("chart"), valuesFile: show("values") });
  const args = ["template", release.name, file, "--namespace", release.namespace, "--values", "-"];
  const rendered = spawnSync(helm, [...args, "--kube-version", versions.kubernetes, "--include-crds"], {
    input: JSON.stringify(release.values),
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  const problems = unknown.map((key) => `the chart knows no value ${key}`);
  if (rendered.status !== 0) return { objects: 0, problems: [...problems, rendered.stderr.trim()] };
  const objects = loadAll(rendered.stdout).filter((object) => object !== null && object !== undefined);
  return { objects: objects.length, problems };
}

/** The values that a chart doesn't know, by its Chart.yaml and values.yaml: see `unknownKeys`. */
export function unknownValues(
  values: Readonly<Record<string, unknown>>,
  { metadata, valuesFile }: { metadata: string; valuesFile: string },
): string[] {
  const { name, dependencies = [] } = load(metadata) as { name: string; dependencies?: Dependency[] };
  const subcharts = dependencies.map((dependency) => dependency.alias ?? dependency.name);
  return unknownKeys(values, valuesFile, { open: [...(OPEN[name] ?? []), ...subcharts] });
}

interface Dependency {
  name: string;
  alias?: string;
}

/**
 * The values that a chart's values.yaml has neither as a key nor, switched off, in a comment. What is empty there takes any key.
 *
 * @param known what else takes any key, as `a.b`
 */
export function unknownKeys(
  values: Readonly<Record<string, unknown>>,
  valuesFile: string,
  known: { open: readonly string[] },
): string[] {
  const inComments = new Set([...valuesFile.matchAll(/^\s*#+\s*([\w.-]+):/gm)].map(([, key]) => key));
  const compare = (ours: Record<string, unknown>, theirs: Record<string, unknown>, above: string): string[] =>
    Object.entries(ours).flatMap(([key, value]) => {
      const at = above === "" ? key : `${above}.${key}`;
      if (at === "global" && !isMap(theirs.global)) return [];
      if (!Object.hasOwn(theirs, key)) {
        return known.open.includes(above) || known.open.includes(at) || inComments.has(key) ? [] : [at];
      }
      const below = theirs[key];
      if (!isMap(value) || !isMap(below) || Object.keys(below).length === 0) return [];
      return compare(value, below, at);
    });
  return compare(values, (load(valuesFile) ?? {}) as Record<string, unknown>, "");
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
