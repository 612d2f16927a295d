import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import execa from "execa";

import { cacheRoot, deleteFromCache, openCache } from "./cache-folder";
import { Failure } from "../run-program";

/** Caches of the Go command for what is built once: the lab's own, so that the lab may delete them. */
const goCaches = {
  modules: (): string => path.join(cacheRoot(), "go", "modules"),
  packages: (): string => path.join(cacheRoot(), "go", "packages"),
  temporary: (): string => path.join(cacheRoot(), "go", "temporary"),
};

/** From this much memory on (bytes), the compiler may collect its garbage less often. */
const ampleMemory = 12 * 2 ** 30;

/** The environment of every call of Go: nothing that the user set for their own work changes a result. */
function goEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // modcacherw: or the cache can't be deleted without changing modes first.
    GOFLAGS: "-trimpath -buildvcs=false -modcacherw -mod=readonly",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOOS: "linux",
    CGO_ENABLED: "0",
    ...(os.totalmem() >= ampleMemory ? { GOGC: "400" } : {}),
  };
}

/**
 * `goEnvironment` with the caches that fit a recipe. What changes with this checkout is built in the user's own, where
 * Go keeps what the next build needs and trims it by itself.
 */
export function goEnvironmentFor({ ours }: { ours?: boolean }): NodeJS.ProcessEnv {
  if (ours) return goEnvironment();
  openCache();
  for (const folder of Object.values(goCaches)) fs.mkdirSync(folder(), { recursive: true });
  return {
    ...goEnvironment(),
    GOMODCACHE: goCaches.modules(),
    GOCACHE: goCaches.packages(),
    GOTMPDIR: goCaches.temporary(),
  };
}

/** Throws unless a Go toolchain is there that is new enough for the `go` lines of these modules' go.mod. */
export async function requireGo(modules: readonly string[]): Promise<void> {
  const needed = modules.map(goLine).sort(byVersion).at(-1) ?? "1";
  const remedy = `Install Go ${needed} or later (https://go.dev/dl) and put it on PATH.`;
  let found: string;
  try {
    found = (await execa("go", ["env", "GOVERSION"], { env: goEnvironment(), extendEnv: false })).stdout.trim();
  } catch {
    throw new Failure("the lab's programs are built from source, and `go` can't be run", remedy);
  }
  if (byVersion(found.replace(/^go/, ""), needed) < 0) {
    throw new Failure(`the lab's programs need Go ${needed}, and ${found} was found`, remedy);
  }
}

function goLine(module: string): string {
  return /^go (\S+)$/m.exec(fs.readFileSync(path.join(module, "go.mod"), "utf8"))?.[1] ?? "1";
}

/** Orders Go's versions by their numbers, as `Array.sort` takes it. */
function byVersion(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => (version.match(/\d+/g) ?? []).map(Number)) as [number[], number[]];
  const differing = [0, 1, 2].find((index) => (left[index] ?? 0) !== (right[index] ?? 0));
  return differing === undefined ? 0 : (left[differing] ?? 0) - (right[differing] ?? 0);
}

/** Deletes what compiling leaves behind: some 10 GB that nothing needs once the binaries are there. */
export function deleteGoCaches(): void {
  deleteFromCache(path.join(cacheRoot(), "go"));
}

/** Bytes below which compiling is not started. The largest recipe leaves about as much. */
const neededSpace = 15e9;

/** Makes room for the next recipe if the disk is short: first the compiled packages go, which only save time. */
export function requireSpace(): void {
  const cache = openCache();
  const free = (): number => {
    const { bavail, bsize } = fs.statfsSync(cache);
    return bavail * bsize;
  };
  if (free() >= neededSpace) return;
  deleteFromCache(goCaches.packages());
  if (free() >= neededSpace) return;
  throw new Failure(
    `building needs ${neededSpace / 1e9} GB in ${cache}, and ${(free() / 1e9).toFixed(1)} GB are free`,
    "Make room, or set HOMELAB_LAB_CACHE to a folder on a larger disk: the lab makes its own below it.",
  );
}
