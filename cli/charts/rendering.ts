import { execFileSync, spawnSync } from "node:child_process";
import * as path from "node:path";
import { loadAll } from "js-yaml";
import { ensureAllBinaries } from "../../lab/build/binaries";
import { run } from "../../lab/run-program";
import { versions } from "../../versions";
import { phase, sayIn } from "../progress";
import { problemsWithValues } from "./known-values";

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

/** Renders a packaged chart by Helm, as for the pinned version of Kubernetes, and finds values that don't fit it. */
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

/** Helm 3 or 4: the user's own, else built from its Go module, once. */
export async function ensureHelm(): Promise<string> {
  const own = await run("helm", ["version", "--short"]);
  if (own.exitCode === 0 && /^v[34]\./m.test(own.stdout)) return "helm";
  const { helm } = await phase("helm", (running) => ensureAllBinaries(["helm"], sayIn(running)));
  return path.join(helm, "helm");
}
