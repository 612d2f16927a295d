import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { areBuilt, ensureAllBinaries, type Group, keyFor } from "../build/binaries";
import { cached, keyOf } from "../build/cache";
import { cacheRoot } from "../build/cache-folder";
import { withBuildLock } from "../build/lock";
import type { Say } from "../build/progress";
import { must } from "../run-program";
import { buildCharts, type PackedChart } from "../packages/charts";
import type { Image } from "../packages/image";
import { mirrorProgramName } from "../packages/main";
import { signingFingerprint } from "../packages/signing";

const CHECKOUT = path.resolve(__dirname, "..", "..");

/** What the mirror gets where an add-on is on. */
export interface Addon {
  /** Name in messages. */
  readonly title: string;
  /** Its own binaries, and how long they take on two cores from an empty cache, in minutes. */
  readonly binaries: Group;
  readonly minutes: number;
  /** Folder of its sources. */
  readonly sources: string;
  /** Folder in `charts/` whose chart it packs. */
  readonly chart: string;
  /** What else changes its contents. */
  readonly recipe: object;
  /** Fills a folder as the mirror has them: `registry/`, `charts/` and, where it brings packages, `apt/`. */
  fill(root: string, args: FillArgs): Promise<void>;
}

export interface FillArgs {
  /** Folder of the add-on's binaries. */
  readonly binaries: string;
  /** The packing tool. */
  readonly program: string;
  readonly pin: PackedChart["metadata"];
}

/** Makes sure that an add-on's part of the mirror is in the cache. Returns its folder. */
export async function ensureAddon(name: string, addon: Addon, say: Say): Promise<string> {
  const pin = readPin(addon.chart);
  const binaries = [keyFor("mirror"), keyFor(groupOf(addon))];
  const recipe = { pin, recipe: addon.recipe, binaries, signedBy: signingFingerprint() };
  const key = keyOf(recipe, [addon.sources, path.join(CHECKOUT, "lab", "packages")]);
  const artefact = `addon-${name}`;
  const folder = path.join(cacheRoot(), artefact, key);
  if (fs.existsSync(folder)) return folder;
  const built = await ensureAllBinaries(["mirror", addon.binaries], say);
  const program = path.join(built.mirror, mirrorProgramName);
  return withBuildLock(`packing ${addon.title} for the mirror`, say, () => {
    say(`packing ${addon.title} for the mirror …`);
    return cached(artefact, key, (root) => addon.fill(root, { binaries: built[addon.binaries] ?? "", program, pin }));
  });
}

/** True where its binaries are in the cache. */
export function isBuilt(addon: Addon): boolean {
  return areBuilt(addon.binaries);
}

/** @param write writes the sources of the add-on's chart into a folder */
export async function addChart(root: string, write: (folder: string) => void, program: string): Promise<void> {
  const source = path.join(root, "chart");
  write(source);
  await buildCharts(path.join(root, "charts"), [source], program);
  fs.rmSync(source, { recursive: true });
}

export async function addImages(root: string, images: readonly Image[], program: string): Promise<void> {
  await must("building the add-on's images", program, ["images", "--layout", path.join(root, "registry")], {
    input: JSON.stringify(images),
  });
}

/** Groups of one recipe have its name. */
function groupOf(addon: Addon) {
  return addon.binaries as Parameters<typeof keyFor>[0];
}

function readPin(folder: string): PackedChart["metadata"] {
  const file = path.join(CHECKOUT, "charts", folder, "Chart.yaml");
  const { dependencies } = yaml.load(fs.readFileSync(file, "utf8")) as { dependencies: PackedChart["metadata"][] };
  const [pin] = dependencies;
  if (!pin) throw new Error(`${file} pins no chart`);
  return { name: pin.name, version: pin.version };
}
