import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";

/** Their names in the chart of a release are of no consequence; Helm puts definitions before everything else. */
const CRD_FILE = /^tailscale\.com_(\w+)\.yaml$/;

/**
 * The operator's own chart as its project's release makes it of its sources: with the version, and the definitions of its kinds as
 * templates that a value switches off.
 */
export function writeTailscaleChart(folder: string, sources: { chart: string; crds: string }, version: string): void {
  fs.cpSync(sources.chart, folder, { recursive: true });
  // What its .helmignore says.
  fs.rmSync(path.join(folder, "templates", ".gitignore"), { force: true });
  const file = path.join(folder, "Chart.yaml");
  const metadata = yaml.load(fs.readFileSync(file, "utf8")) as object;
  fs.writeFileSync(file, yaml.dump({ ...metadata, version, appVersion: `v${version}` }));
  for (const name of fs.readdirSync(sources.crds)) {
    const kind = CRD_FILE.exec(name)?.[1];
    if (!kind) throw new Error(`the operator's sources have a definition ${name}, whose kind is not known`);
    const text = fs.readFileSync(path.join(sources.crds, name), "utf8");
    const template = `{{ if .Values.installCRDs -}}\n${text}{{- end -}}`;
    fs.writeFileSync(path.join(folder, "templates", `${kind}.yaml`), template);
  }
}
