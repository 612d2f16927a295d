import * as fs from "node:fs";
import * as path from "node:path";
import { load } from "js-yaml";
import { fetchChart } from "../../components/addons/chart";
import { WrongChart } from "../../components/addons/chart-download";
import { unchangedCharts } from "../../lab/addons/names";
import { cacheRoot } from "../../lab/build/cache-folder";
import { say } from "../progress";

/** A chart as `charts/<folder>/` pins it. */
export interface Pin {
  folder: string;
  name: string;
  version: string;
}

/** A packaged chart, or why there is none: because it could not be had, or because what is there is `wrong`. */
export type Found =
  { file: string; source: string; problem?: undefined } | { file?: undefined; problem?: string; wrong?: boolean };

export function pinsIn(charts: string): Pin[] {
  const folders = fs.readdirSync(charts, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: folder }) => {
    const chart = load(fs.readFileSync(path.join(charts, folder, "Chart.yaml"), "utf8")) as { dependencies?: Pin[] };
    return (chart.dependencies ?? []).map(({ name, version }) => ({ folder, name, version }));
  });
}

/**
 * Each pinned chart: from a folder that the user names (`CHARTS=…`, with `<name>-<version>.tgz`), else from its repository, with the
 * digest of the lock file, else from what the lab built. In the working directory, which has a copy of `charts/`.
 */
export async function findCharts(pins: readonly Pin[], given: string | undefined): Promise<Record<string, Found>> {
  const found = await Promise.all(pins.map(async (pin) => [pin.name, await findChart(pin, given)] as const));
  return Object.fromEntries(found);
}

async function findChart(pin: Pin, given: string | undefined): Promise<Found> {
  const own = givenChart(pin, given);
  if (own) return own;
  try {
    const chart = await fetchChart(pin.folder, undefined, { refuse: false, notice: say });
    return { file: path.resolve(chart.path ?? ""), source: "its repository" };
  } catch (error) {
    if (error instanceof WrongChart) return { problem: error.message, wrong: true };
    return builtChart(pin) ?? { problem: `it could not be fetched: ${(error as Error).message}` };
  }
}

/** The chart as far as this workstation has it: nothing is fetched. */
export function chartHere(pin: Pin, given: string | undefined): Found {
  return givenChart(pin, given) ?? builtChart(pin) ?? { problem: "it is not on this workstation" };
}

function givenChart(pin: Pin, given: string | undefined): Found | undefined {
  const file = given && path.join(given, archiveOf(pin));
  return file && fs.existsSync(file) ? { file, source: given } : undefined;
}

function builtChart(pin: Pin): Found | undefined {
  const file = unchangedCharts.includes(pin.name) ? inLab(archiveOf(pin)) : undefined;
  return file ? { file, source: "the lab's own build" } : undefined;
}

function archiveOf({ name, version }: Pin): string {
  return `${name}-${version}.tgz`;
}

/** In any of the mirrors that the lab keeps. */
function inLab(archive: string): string | undefined {
  const artefacts = fs.existsSync(cacheRoot()) ? fs.readdirSync(cacheRoot()).filter((name) => /mirror/.test(name)) : [];
  const keys = artefacts.flatMap((name) => {
    const folder = path.join(cacheRoot(), name);
    return fs.statSync(folder).isDirectory() ? fs.readdirSync(folder).map((key) => path.join(folder, key)) : [];
  });
  return keys.map((folder) => path.join(folder, "charts", archive)).find((file) => fs.existsSync(file));
}
