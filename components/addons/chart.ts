import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { dump, load } from "js-yaml";
import { createTarGzip } from "nanotar";
import type { MirrorsSettings } from "../../settings";
import { type ChartOrigin, downloadChart, unknownChart } from "./chart-download";
import { LOCK_FILE, readLock, recordDigest } from "./chart-lock";

/** A chart as `charts/<folder>/` pins it. */
interface ChartPin {
  name: string;
  version: string;
  /** URL of the upstream Helm repository. */
  repository: string;
}

/** A chart in the workstation's cache, of the pinned version and with the digest of the lock file. */
export interface FetchedChart {
  name: string;
  version: string;
  /**
   * Path of the packaged chart, relative to the project. It carries version and digest, so that a changed pin shows as
   * one readable change in a preview, and it is the same on every workstation. Left out in a preview before the first fetch:
   * the digest is not known then.
   */
  path?: string;
  /** Content of `charts/<folder>/values.yaml`. */
  values: Record<string, unknown>;
}

const CACHE = path.join(".homelab", "charts");

/** What to do with a chart whose digest is not known: from no source, or from this one another than from the others. */
export interface Unknown {
  /** Refuse it, as for hosts that are not the program's own. Otherwise its digest is recorded, and enforced from then on. */
  refuse: boolean;
  /** Says that it was recorded. */
  notice: (text: string) => void;
}

/**
 * The pinned chart of `charts/<folder>/`. It is downloaded when the cache has no copy of it, checked against the lock file,
 * and kept. From a source that the lock file doesn't have yet, a chart with the digest of another source is recorded.
 *
 * @throws Error naming the chart, where it was fetched from, what was wrong and what to do.
 */
export async function fetchChart(
  folder: string,
  mirror: MirrorsSettings["charts"],
  unknown: Unknown,
): Promise<FetchedChart> {
  const found = lookUp(folder, mirror);
  const { pin, locked } = found;
  const kept = locked && (await digestOf(cachePath(pin, locked))) === locked ? locked : undefined;
  const digest = kept ?? (await fetchIntoCache(found, unknown));
  return { name: pin.name, version: pin.version, path: `./${cachePath(pin, digest)}`, values: readValues(folder) };
}

async function fetchIntoCache(found: ReturnType<typeof lookUp>, { refuse, notice }: Unknown): Promise<string> {
  const { pin, origin, repository, key, locked, others } = found;
  const { bytes, digest } = await downloadChart(origin, locked);
  const isKnown = digest === locked || others.includes(digest);
  if (!isKnown && refuse) throw unknownChart(origin, repository, digest);
  await keep(cachePath(pin, digest), bytes);
  if (!locked) await recordDigest(key, repository, digest);
  if (!isKnown) {
    notice(
      `${key}: its digest was not known from '${repository}' (${origin.url}), and was recorded in ${LOCK_FILE}: compare and commit it`,
    );
  }
  return digest;
}

/**
 * The chart as far as a preview needs it, without a connection: in a pull request nothing of this has been fetched.
 * The Kubernetes provider opens the chart to read its version, so an archive that says no more than that takes the place of one
 * that isn't there; `fetchChart` doesn't take it for the chart, because its digest is another.
 */
export async function previewChart(folder: string, mirror: MirrorsSettings["charts"]): Promise<FetchedChart> {
  const { pin, locked } = lookUp(folder, mirror);
  const chart = { name: pin.name, version: pin.version, values: readValues(folder) };
  if (!locked) return chart;
  const file = cachePath(pin, locked);
  if (!existsSync(file)) {
    const metadata = dump({ apiVersion: "v2", name: pin.name, version: pin.version });
    await keep(file, await createTarGzip([{ name: `${pin.name}/Chart.yaml`, data: metadata }]));
  }
  return { ...chart, path: `./${file}` };
}

/**
 * The pin, where the chart comes from, the name of that repository in the lock file, and the digests that the lock file has: from
 * there, and from others.
 */
function lookUp(folder: string, mirror: MirrorsSettings["charts"]) {
  const pin = readPin(folder);
  const repository = mirror?.name ?? "upstream";
  const from = mirror ? { url: mirror.url, setting: "mirrors.charts.url" } : { url: pin.repository };
  const origin: ChartOrigin = { folder, name: pin.name, version: pin.version, ...from };
  const key = `${pin.name}-${pin.version}`;
  const { [repository]: locked, ...others } = readLock()[key] ?? {};
  return { pin, origin, repository, key, locked, others: Object.values(others) };
}

async function digestOf(file: string): Promise<string | undefined> {
  return existsSync(file)
    ? createHash("sha256")
        .update(await readFile(file))
        .digest("hex")
    : undefined;
}

async function keep(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  await writeFile(partial, bytes);
  await rename(partial, file);
}

function cachePath(pin: ChartPin, digest: string): string {
  return path.join(CACHE, `${pin.name}-${pin.version}-${digest.slice(0, 12)}.tgz`);
}

function readPin(folder: string): ChartPin {
  const file = path.join("charts", folder, "Chart.yaml");
  const chart = load(readFileSync(file, "utf8")) as { dependencies?: ChartPin[] };
  const pin = chart.dependencies?.[0];
  if (!pin) throw new Error(`${file}: dependencies[0] must pin the upstream chart (name, version, repository)`);
  return pin;
}

function readValues(folder: string): Record<string, unknown> {
  return (load(readFileSync(path.join("charts", folder, "values.yaml"), "utf8")) ?? {}) as Record<string, unknown>;
}
