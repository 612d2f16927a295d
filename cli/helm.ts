import * as path from "node:path";
import { ensureAllBinaries } from "../lab/build/binaries";
import { sayIn } from "./build-progress";
import { run } from "../lab/run-program";
import { phase } from "./progress";

/** Helm 3 or 4: the user's own, else built from its Go module, once. */
export async function ensureHelm(): Promise<string> {
  const own = await run("helm", ["version", "--short"]);
  if (own.exitCode === 0 && /^v[34]\./m.test(own.stdout)) return "helm";
  const { helm } = await phase("helm", (running) => ensureAllBinaries(["helm"], sayIn(running)));
  return path.join(helm, "helm");
}
