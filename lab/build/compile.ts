import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";

import execa from "execa";

import { cacheRoot } from "./cache-folder";
import { goEnvironmentFor, requireSpace } from "./go";
import { startProgress, type Say } from "./progress";
import type { Recipe } from "./recipes";
import { Failure } from "../run-program";

/** Lines of the compiler's output that an error shows. */
const shownLines = 25;

/** Options of the build that change its result; part of every key. Debug information would be stripped anyway. */
export const buildOptions = { compiler: "all=-dwarf=false", linker: "-s -w" } as const;

/** Downloads what a recipe needs. Returns the number of packages that it compiles. */
export async function prepare(recipe: Recipe): Promise<number> {
  const listed = await execa("go", ["list", "-deps", ...tagOption(recipe), ...Object.keys(recipe.binaries)], {
    cwd: recipe.module,
    env: goEnvironmentFor(recipe),
    extendEnv: false,
    maxBuffer: 64e6,
  });
  return listed.stdout.split("\n").length;
}

/** Builds a recipe into an empty folder. The compiler's whole output goes to a log in the cache. */
export async function compile(recipe: Recipe, name: string, folder: string, say: Say): Promise<void> {
  requireSpace();
  const log = path.join(cacheRoot(), "logs", `${name}.log`);
  const progress = startProgress(recipe.title, say);
  try {
    progress.expect(await prepare(recipe));
    await build(recipe, folder, log, progress.compiled);
    await copyCarried(recipe, folder);
    recordTime(recipe.title, progress.done());
  } catch (error) {
    progress.stop();
    throw new Failure(explain(recipe, log, error));
  }
}

async function build(recipe: Recipe, folder: string, log: string, compiled: () => void): Promise<void> {
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const output = fs.createWriteStream(log);
  const binaries = Object.entries(recipe.binaries);
  // -o with a folder names the binaries after their packages; each gets its own folder until it is renamed.
  const target = path.join(folder, binaries.length === 1 ? (binaries[0]?.[1] ?? "") : `built${path.sep}`);
  const args = [...options(recipe), ...(await patchOption(recipe, folder)), "-o", target];
  const running = execa("go", ["build", "-v", ...args, ...Object.keys(recipe.binaries)], {
    cwd: recipe.module,
    env: goEnvironmentFor(recipe),
    extendEnv: false,
    buffer: false,
    all: true,
  });
  running.all?.pipe(output);
  if (running.stderr) createInterface({ input: running.stderr }).on("line", compiled);
  try {
    await running;
  } finally {
    await finished(output);
    fs.rmSync(path.join(folder, PATCHED), { recursive: true, force: true });
  }
  if (binaries.length === 1) return;
  for (const [packagePath, binary] of binaries) {
    fs.renameSync(path.join(folder, "built", executableName(packagePath)), path.join(folder, binary));
  }
  fs.rmdirSync(path.join(folder, "built"));
}

function options(recipe: Recipe): string[] {
  const variables = Object.entries(recipe.variables ?? {}).map(([name, value]) => `-X "${name}=${value}"`);
  return [
    ...tagOption(recipe),
    `-gcflags=${buildOptions.compiler}`,
    `-ldflags=${[buildOptions.linker, ...variables].join(" ")}`,
  ];
}

function tagOption(recipe: Recipe): string[] {
  return recipe.tags ? [`-tags=${recipe.tags.join(",")}`] : [];
}

/** The name that `go build` gives: the last element of the package's path that is not a major version. */
function executableName(packagePath: string): string {
  return path.posix.basename(packagePath.replace(/\/v\d+$/, ""));
}

/** Builds with a patched copy of the module; the module in Go's cache is not changed. */
async function patchOption(recipe: Recipe, folder: string): Promise<string[]> {
  if (!recipe.patched) return [];
  const { module, file, text, by } = recipe.patched;
  const copy = path.join(folder, PATCHED, "module");
  fs.cpSync(await moduleFolder(recipe, module), copy, { recursive: true });
  giveModes(copy);
  const parts = fs.readFileSync(path.join(copy, file), "utf8").split(text);
  if (parts.length !== 2)
    throw new Error(`${module}/${file}: the text to patch is in it ${parts.length - 1} times, not once`);
  fs.writeFileSync(path.join(copy, file), parts.join(by));
  for (const name of ["go.mod", "go.sum"]) {
    fs.copyFileSync(path.join(recipe.module, name), path.join(folder, PATCHED, name));
  }
  fs.appendFileSync(path.join(folder, PATCHED, "go.mod"), `\nreplace ${module} => ${copy}\n`);
  return [`-modfile=${path.join(folder, PATCHED, "go.mod")}`];
}

const PATCHED = "patched";

async function moduleFolder(recipe: Recipe, modulePath: string): Promise<string> {
  const found = await execa("go", ["list", "-m", "-f", "{{.Dir}}", modulePath], {
    cwd: recipe.module,
    env: goEnvironmentFor(recipe),
    extendEnv: false,
  });
  return found.stdout.trim();
}

async function copyCarried(recipe: Recipe, folder: string): Promise<void> {
  for (const [name, [modulePath, inside]] of Object.entries(recipe.carried ?? {})) {
    fs.cpSync(path.join(await moduleFolder(recipe, modulePath), inside), path.join(folder, name), { recursive: true });
    giveModes(path.join(folder, name));
  }
}

/** A module's archive keeps no modes, and Go's cache is read-only. */
function giveModes(target: string): void {
  const isFolder = fs.statSync(target).isDirectory();
  fs.chmodSync(target, isFolder || target.endsWith(".sh") ? 0o755 : 0o644);
  if (isFolder) fs.readdirSync(target).forEach((name) => giveModes(path.join(target, name)));
}

/** Appends how long the build took to times.tsv in the cache. */
function recordTime(title: string, seconds: number): void {
  fs.appendFileSync(path.join(cacheRoot(), "times.tsv"), `${new Date().toISOString()}\t${title}\t${seconds}\n`);
}

function explain(recipe: Recipe, log: string, error: unknown): string {
  const lines = fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n") : [];
  // A line of one word is only the name of a package that was compiled.
  const complaints = lines.filter((line) => /\s/.test(line));
  const reasons = complaints.length > 0 ? complaints : [error instanceof Error ? error.message : String(error)];
  const tail = reasons.slice(-shownLines).join("\n");
  return `building ${recipe.title} failed:\n${tail}\nThe whole output is in ${log}.`;
}
