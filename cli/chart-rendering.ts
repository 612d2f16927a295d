import { execFileSync, spawnSync } from "node:child_process";
import { loadAll } from "js-yaml";
import { versions } from "../versions";
import { problemsWithValues } from "./chart-known-values";

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

/** Renders a packaged chart by Helm, as for the pinned version of Kubernetes, and looks for values that don't fit it. */
export function checkChart(helm: string, file: string, release: ReleaseInputs): Rendering {
  const show = (what: string) => execFileSync(helm, ["show", what, file], { encoding: "utf8", maxBuffer: 64e6 });
  const problems = problemsWithValues(release.values, { metadata: show("chart"), valuesFile: show("values") });
  const args = ["template", release.name, file, "--namespace", release.namespace, "--values", "-"];
  const rendered = spawnSync(helm, [...args, "--kube-version", versions.kubernetes, "--include-crds"], {
    input: JSON.stringify(release.values),
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  if (rendered.status !== 0) return { objects: 0, problems: [...problems, rendered.stderr.trim()] };
  const objects = loadAll(rendered.stdout).filter((object) => object !== null && object !== undefined);
  return { objects: objects.length, problems };
}
