import * as fs from "node:fs";
import * as path from "node:path";

import { cached, keyOf } from "./cache";
import { cacheRoot } from "./cache-folder";
import { buildOptions, compile, prepare } from "./compile";
import { assembleEngine, engineScripts } from "./engine";
import { deleteGoCaches, requireGo } from "./go";
import { withBuildLock } from "./lock";
import type { Say } from "./progress";
import { recipes, type Recipe, type RecipeName } from "./recipes";
import { Failure } from "../run-program";

const engineParts = ["pulumi", "pulumi-language-nodejs", "plugin-command"] as const;

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
  helm: ["helm"],
  argocd: ["argocd"],
  tailscale: ["tailscale"],
} as const satisfies Record<string, readonly RecipeName[]>;

export type Group = keyof typeof groups;

/** Every group, in the order in which a cold cache is best filled. */
export const allGroups = Object.keys(groups) as Group[];

/** Groups that only an add-on or a check needs. */
const addonGroups: readonly Group[] = ["argocd", "helm", "tailscale"];

/** What every lab needs. */
export const defaultGroups = allGroups.filter((group) => !addonGroups.includes(group));

/**
 * Makes sure that the binaries of a group are in the cache, for the workstation's architecture. Returns their folder.
 * Its content never changes: a change of the recipe makes another folder. Takes minutes when the cache is
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
  const results = ordered.flatMap((group) => groups[group] as readonly RecipeName[]).map(resultOf);
  const missing = results.filter(isMissing);
  if (missing.length > 0) {
    const titles = missing.map(({ name }) => recipes[name].title).join(", ");
    // Another process may build some of them while this one waits for the lock.
    await withBuildLock(`building ${titles}`, say, () => buildAll(missing.filter(isMissing), say));
  }
  const folders: [string, string][] = [];
  for (const group of ordered) folders.push([group, await folderOf(group, results)]);
  return Object.fromEntries(folders) as Record<G, string>;
}

/** True where the binaries of a group are in the cache. */
export function areBuilt(group: Group): boolean {
  return !(groups[group] as readonly RecipeName[]).map(resultOf).some(isMissing);
}

/** Where the binaries of a recipe are, or will be, for the sources as they are now. */
interface Result {
  readonly name: RecipeName;
  readonly key: string;
  readonly folder: string;
}

function resultOf(name: RecipeName): Result {
  const key = keyFor(name);
  return { name, key, folder: path.join(cacheRoot(), artefactOf(name), key) };
}

function isMissing({ folder }: Result): boolean {
  return !fs.existsSync(folder);
}

async function buildAll(missing: readonly Result[], say: Say): Promise<void> {
  if (missing.length === 0) return;
  await requireGo(missing.map(({ name }) => recipes[name].module));
  for (const [index, result] of missing.entries()) {
    const next = missing[index + 1];
    // Its failure is reported when its own turn comes.
    const downloads = next && prepare(recipes[next.name]).catch(() => undefined);
    await build(result, say);
    await downloads;
  }
  const all = defaultGroups.flatMap((group) => groups[group] as readonly RecipeName[]);
  if (!all.map(resultOf).some(isMissing)) deleteGoCaches();
}

async function build({ name, key }: Result, say: Say): Promise<void> {
  const recipe = recipes[name];
  await cached(artefactOf(name), key, async (folder) => {
    await compile(recipe, name, folder, say);
    if (keyFor(name) === key) return;
    throw new Failure(`building ${recipe.title} failed: its sources changed meanwhile`, "Run the same command again.");
  });
}

async function folderOf(group: Group, results: readonly Result[]): Promise<string> {
  const parts = results.filter(({ name }) => (groups[group] as readonly RecipeName[]).includes(name));
  if (group !== "engine") return parts[0]?.folder ?? "";
  const key = keyOf({ scripts: engineScripts, parts: parts.map((part) => part.key) }, []);
  const folders = parts.map((part) => part.folder);
  return cached("engine", key, async (folder) => assembleEngine(folder, folders));
}

function artefactOf(name: RecipeName): string {
  return `binaries-${name}`;
}

/** Key of a recipe's result in the cache; changes with everything that can change its binaries. */
export function keyFor(name: RecipeName): string {
  // Not the whole recipe: the place of the checkout must not matter, nor must a title.
  const { module, binaries, tags, variables, carried, patched }: Recipe = recipes[name];
  return keyOf({ binaries, tags, variables, carried, patched, buildOptions }, [module]);
}
