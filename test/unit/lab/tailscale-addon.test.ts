import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { writeTailscaleChart } from "../../../lab/addons/tailscale/chart";
import { tailscaleImages } from "../../../lab/addons/tailscale/images";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "homelab-chart-"));
  for (const name of ["chart/templates", "crds"]) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(
    path.join(folder, "chart/Chart.yaml"),
    "name: tailscale-operator\nversion: 0.1.0\nappVersion: stable\n",
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const inside = (name: string) => path.join(folder, name);
const sources = () => ({ chart: inside("chart"), crds: inside("crds") });

test("the operator's chart gets the pinned version, the tag of its images, and the definitions where they are switched on", () => {
  writeFileSync(inside("crds/tailscale.com_proxyclasses.yaml"), "kind: CustomResourceDefinition\n");
  writeFileSync(inside("chart/templates/.gitignore"), "/proxyclasses.yaml\n");
  writeTailscaleChart(inside("made"), sources(), "1.102.5");
  expect(readdirSync(inside("made/templates"))).toEqual(["proxyclasses.yaml"]);
  const metadata = load(readFileSync(inside("made/Chart.yaml"), "utf8")) as { appVersion: string };
  expect(metadata).toEqual({ name: "tailscale-operator", version: "1.102.5", appVersion: "v1.102.5" });
  expect(readFileSync(inside("made/templates/proxyclasses.yaml"), "utf8")).toBe(
    "{{ if .Values.installCRDs -}}\nkind: CustomResourceDefinition\n{{- end -}}",
  );
  const tags = tailscaleImages({ tailscale: "/t", debian: "/d" }).map(({ reference }) => reference.split(":")[1]);
  expect(new Set(tags)).toEqual(new Set([metadata.appVersion]));
});

test("a definition that the chart would not get is an error", () => {
  writeFileSync(inside("crds/README"), "");
  expect(() => writeTailscaleChart(inside("made"), sources(), "1.102.5")).toThrow(/definition README/);
});
