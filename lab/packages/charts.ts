import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";

import { must } from "../run-program";
import { packagedTime } from "./deb";

/** A packed chart: its Chart.yaml, its archive's name and hash. */
export interface PackedChart {
  readonly metadata: { readonly name: string; readonly version: string };
  readonly file: string;
  readonly sha256: string;
}

/** The index of a Helm repository. Addresses are relative to it, so it holds wherever the mirror listens. */
export function chartIndex(charts: readonly PackedChart[]): string {
  const created = new Date(packagedTime * 1000).toISOString();
  const entries: Record<string, object[]> = {};
  for (const { metadata, file, sha256 } of charts) {
    (entries[metadata.name] ??= []).push({ ...metadata, created, digest: sha256, urls: [file] });
  }
  return yaml.dump({ apiVersion: "v1", entries, generated: created }, { lineWidth: -1, sortKeys: true });
}

/** Packs chart folders into `folder` and writes the index beside them. */
export async function buildCharts(folder: string, sources: readonly string[], mirrorProgram: string): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  const packed: PackedChart[] = [];
  for (const source of sources) packed.push(await packChart(folder, source, mirrorProgram));
  fs.writeFileSync(path.join(folder, "index.yaml"), chartIndex(packed));
}

async function packChart(folder: string, source: string, mirrorProgram: string): Promise<PackedChart> {
  const metadata = yaml.load(fs.readFileSync(path.join(source, "Chart.yaml"), "utf8")) as PackedChart["metadata"];
  const file = `${metadata.name}-${metadata.version}.tgz`;
  const target = path.join(folder, file);
  await must(`packing chart ${metadata.name}`, mirrorProgram, ["chart", "--source", source, "--output", target]);
  return { metadata, file, sha256: createHash("sha256").update(fs.readFileSync(target)).digest("hex") };
}
