import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { cacheRoot, deleteFromCache, openCache } from "./cache-folder";

/** Key of an artefact: changes exactly when one of the files, or anything in `recipe`, does. */
export function keyOf(recipe: object, sources: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify([recipe, process.arch]));
  for (const source of sources) {
    for (const file of sourceFiles(source)) {
      hash.update(`\0${path.relative(source, file)}\0`).update(fs.readFileSync(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** The files of a Go module that reach its binaries, in a fixed order. */
function sourceFiles(folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.endsWith("_test.go") && entry.name !== "testdata")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = path.join(folder, entry.name);
      return entry.isDirectory() ? sourceFiles(inside) : [inside];
    });
}

/** How many results of earlier keys stay beside the newest: another checkout may be using them. */
const keptKeys = 3;

/**
 * Makes `<artefact>/<key>/` in the cache by `fill`, which gets an empty folder; at once if it is there already. An
 * interrupted or failed `fill` leaves nothing that could be taken for a result. Returns the folder.
 */
export async function cached(artefact: string, key: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(cacheRoot(), artefact, key);
  if (fs.existsSync(folder)) return folder;
  const unfinished = emptyFolder();
  try {
    await fill(unfinished);
    publish(unfinished, folder);
  } finally {
    deleteFromCache(unfinished);
  }
  dropOldKeys(path.dirname(folder));
  return folder;
}

/** A folder of this process for what is not finished yet. Those of processes that were killed are deleted. */
function emptyFolder(): string {
  const unfinished = path.join(openCache(), "unfinished");
  fs.mkdirSync(unfinished, { recursive: true });
  for (const name of fs.readdirSync(unfinished)) {
    const pid = /^(\d+)-/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) deleteFromCache(path.join(unfinished, name));
  }
  const folder = fs.mkdtempSync(path.join(unfinished, `${process.pid}-`));
  // mkdtemp's mode is the owner's alone.
  fs.chmodSync(folder, 0o755);
  return folder;
}

/** Whether there is a process of this id, whosever it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Gives a finished folder its place, unless another process was faster. */
function publish(finished: string, folder: string): void {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  try {
    fs.renameSync(finished, folder);
  } catch (error) {
    if (!fs.existsSync(folder)) throw error;
  }
}

function dropOldKeys(artefactFolder: string): void {
  const age = (name: string): number => fs.statSync(path.join(artefactFolder, name)).mtimeMs;
  const newestFirst = fs.readdirSync(artefactFolder).sort((a, b) => age(b) - age(a));
  for (const name of newestFirst.slice(keptKeys)) {
    deleteFromCache(path.join(artefactFolder, name));
  }
}
