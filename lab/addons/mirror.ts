import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { ensureAllBinaries, keyFor } from "../build/binaries";
import { cached, cacheRoot, keyOf } from "../build/cache";
import { withBuildLock } from "../build/lock";
import type { Say } from "../build/progress";
import { addonVersions } from "../build/versions";
import { must } from "../cli/command";
import { buildCharts, type PackedChart } from "../packages/charts";
import type { Image } from "../packages/image";
import { ensureMirror, mirrorProgramName } from "../packages/main";
import { writeArgocdChart } from "./argocd-chart";
import { argocdImage, argocdImages, ensureArgocdBase, redisImage } from "./argocd-images";
import { whyNoTimeFor } from "./time-left";

const CHECKOUT = path.resolve(__dirname, "..", "..");

/**
 * Like `ensureMirror`, with the images and the chart of Argo CD added. An artefact of its own, because it takes long to build and
 * most clusters don't need it; what both have is on the disk once.
 */
export async function ensureMirrorWithArgocd(
  say: Say = (line) => void process.stderr.write(`${line}\n`),
): Promise<string> {
  const plain = await ensureMirror(say);
  const pin = readPin("argo-cd");
  const recipe = { plain: path.basename(plain), pin, addonVersions, binaries: keyFor("argocd") };
  const key = keyOf(recipe, [__dirname]);
  const folder = path.join(cacheRoot(), "mirror-argocd", key);
  if (fs.existsSync(folder)) return folder;
  const sources = await ensureAllBinaries(["mirror", "argocd"], say);
  const program = path.join(sources.mirror, mirrorProgramName);
  return withBuildLock("packing Argo CD for the mirror", say, () => {
    say("packing Argo CD for the mirror …");
    return cached("mirror-argocd", key, async (root) => {
      await copyOf(plain, root);
      await addChart(root, sources.argocd, pin, program);
      const base = await ensureArgocdBase(program);
      await addImages(root, argocdImages({ argocd: sources.argocd, base }), program);
    });
  });
}

/** From an empty cache, on two cores. */
const ARGOCD_MINUTES = 8;

/** Why tests with Argo CD can't run here; `undefined` where they can. */
export function whyNoArgocd(): string | undefined {
  const built = fs.existsSync(path.join(cacheRoot(), "binaries-argocd", keyFor("argocd")));
  return built ? undefined : whyNoTimeFor("Argo CD", ARGOCD_MINUTES);
}

/** A copy that shares the contents with the original, but for the two files that are written again. */
async function copyOf(plain: string, root: string): Promise<void> {
  await must("copying the mirror", "cp", ["-al", `${plain}/.`, root]);
  for (const index of ["registry/index.json", "charts/index.yaml"]) {
    fs.rmSync(path.join(root, index));
    fs.copyFileSync(path.join(plain, index), path.join(root, index));
  }
}

async function addImages(root: string, images: readonly Image[], program: string): Promise<void> {
  await must("building Argo CD's images", program, ["images", "--layout", path.join(root, "registry")], {
    input: JSON.stringify(images),
  });
}

async function addChart(root: string, binaries: string, pin: { name: string; version: string }, program: string) {
  const source = path.join(root, "chart");
  const text = fs.readFileSync(path.join(binaries, "install.yaml"), "utf8");
  writeArgocdChart(
    source,
    text,
    { ...pin, appVersion: `v${addonVersions.argocd}` },
    { "quay.io/argoproj/argocd": argocdImage, "public.ecr.aws/docker/library/redis": redisImage },
  );
  const charts = path.join(root, "charts");
  const plain = readIndex(charts);
  // Writes an index of this chart alone.
  await buildCharts(charts, [source], program);
  const added = readIndex(charts);
  const index = { ...added, entries: { ...plain.entries, ...added.entries } };
  fs.writeFileSync(path.join(charts, "index.yaml"), yaml.dump(index, { lineWidth: -1, sortKeys: true }));
  fs.rmSync(source, { recursive: true });
}

function readIndex(charts: string): { entries: object } {
  return yaml.load(fs.readFileSync(path.join(charts, "index.yaml"), "utf8")) as { entries: object };
}

function readPin(folder: string): PackedChart["metadata"] {
  const file = path.join(CHECKOUT, "charts", folder, "Chart.yaml");
  const { dependencies } = yaml.load(fs.readFileSync(file, "utf8")) as { dependencies: PackedChart["metadata"][] };
  const [pin] = dependencies;
  if (!pin) throw new Error(`${file} pins no chart`);
  return { name: pin.name, version: pin.version };
}
