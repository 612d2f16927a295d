import * as fs from "node:fs";
import * as path from "node:path";

import { cached, cacheRoot, keyOf } from "./cache";
import { buildOptions, compile, prepare } from "./compile";
import { assembleEngine, engineScripts } from "./engine";
import { deleteGoCaches, requireGo } from "./go";
import { withBuildLock } from "./lock";
import type { Say } from "./progress";
import { recipes, type Recipe, type RecipeName } from "./recipes";

const engineParts = ["pulumi-cli", "pulumi-language-nodejs", "plugin-command", "plugin-kubernetes"] as const;

/** The recipes behind each group of binaries, in the order in which a cold cache is best filled. */
const groups = {
  kubernetes: ["kubernetes"],
  containerd: ["containerd"],
  etcd: ["etcd"],
  coredns: ["coredns"],
  cni: ["cni"],
  pause: ["pause"],
  crictl: ["crictl"],
  mirror: ["mirror"],
  engine: engineParts,
  cilium: ["cilium"],
} as const satisfies Record<string, readonly RecipeName[]>;

export type Group = keyof typeof groups;

/** Every group, in the order in which a cold cache is best filled. */
export const allGroups = Object.keys(groups) as Group[];

/**
 * Makes sure that the binaries of a group are in the cache, for this computer's architecture. Returns their folder.
 * Its content does not change any more: a change of the recipe makes another folder. Takes minutes when the cache is
 * cold, and says so on standard error.
 *
 * @throws Error naming what could not be built, with the end of the compiler's output and the place of the rest
 */
export async function ensureBinaries(group: Group): Promise<string> {
  return (await ensureAllBinaries([group]))[group];
}

/** `ensureBinaries` for several groups: while one is compiled, the sources of the next are downloaded. */
export async function ensureAllBinaries<G extends Group>(
  wanted: readonly G[],
  say: Say = (line) => void process.stderr.write(`${line}\n`),
): Promise<Record<G, string>> {
  const ordered = allGroups.filter((group): group is G => (wanted as readonly Group[]).includes(group));
  const missing = ordered.flatMap((group) => groups[group] as readonly RecipeName[]).filter((name) => !isBuilt(name));
  if (missing.length > 0) {
    const titles = missing.map((name) => recipes[name].title).join(", ");
    await withBuildLock(`building ${titles}`, say, () => buildAll(missing, say));
  }
  const folders: [string, string][] = [];
  for (const group of ordered) folders.push([group, await folderOf(group)]);
  return Object.fromEntries(folders) as Record<G, string>;
}

async function buildAll(names: readonly RecipeName[], say: Say): Promise<void> {
  // Another process may have built some of them while this one waited for the lock.
  const missing = names.filter((name) => !isBuilt(name));
  if (missing.length === 0) return;
  await requireGo(missing.map((name) => recipes[name].module));
  for (const [index, name] of missing.entries()) {
    const next = missing[index + 1];
    // Its failure is reported when its own turn comes.
    const downloads = next && prepare(recipes[next]).catch(() => undefined);
    await cached(artefactOf(name), keyFor(name), (folder) => compile(recipes[name], name, folder, say));
    await downloads;
  }
  if (Object.keys(recipes).every((name) => isBuilt(name as RecipeName))) deleteGoCaches();
}

async function folderOf(group: Group): Promise<string> {
  if (group !== "engine") return resultOf(groups[group][0]);
  const parts = engineParts.map(resultOf);
  const key = keyOf({ scripts: engineScripts, parts: engineParts.map(keyFor) }, []);
  return cached("engine", key, async (folder) => assembleEngine(folder, parts));
}

function artefactOf(name: RecipeName): string {
  return `binaries-${name}`;
}

export function keyFor(name: RecipeName): string {
  // Not the whole recipe: where the checkout lies must not matter, and titles are for people.
  const { module, binaries, tags, variables, carried }: Recipe = recipes[name];
  return keyOf({ binaries, tags, variables, carried, buildOptions }, [module]);
}

function resultOf(name: RecipeName): string {
  return path.join(cacheRoot(), artefactOf(name), keyFor(name));
}

function isBuilt(name: RecipeName): boolean {
  return fs.existsSync(resultOf(name));
}
