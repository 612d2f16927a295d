import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import execa from "execa";

import { cacheRoot } from "./cache";

/** The newest `go` line among the modules that are built: an older toolchain refuses them. */
export const oldestGo = "1.26.2";

/** Caches of the Go command, of the lab's own so that they can be deleted without asking anybody. */
export const goCaches = {
  modules: (): string => path.join(cacheRoot(), "go", "modules"),
  packages: (): string => path.join(cacheRoot(), "go", "packages"),
  temporary: (): string => path.join(cacheRoot(), "go", "temporary"),
};

/** From this much memory on (bytes), the compiler may collect its garbage less often. */
const ampleMemory = 12 * 2 ** 30;

/** The environment of every call of Go: nothing that the user set for their own work changes a result. */
export function goEnvironment(): NodeJS.ProcessEnv {
  for (const folder of Object.values(goCaches)) fs.mkdirSync(folder(), { recursive: true });
  return {
    ...process.env,
    // modcacherw: or the cache can't be deleted without changing modes first.
    GOFLAGS: "-trimpath -buildvcs=false -modcacherw -mod=readonly",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOOS: "linux",
    CGO_ENABLED: "0",
    GOMODCACHE: goCaches.modules(),
    GOCACHE: goCaches.packages(),
    GOTMPDIR: goCaches.temporary(),
    ...(os.totalmem() >= ampleMemory ? { GOGC: "400" } : {}),
  };
}

/** Throws unless a Go toolchain is there that is new enough for everything the lab builds. */
export async function requireGo(): Promise<void> {
  const remedy = `install Go ${oldestGo} or later (https://go.dev/dl) and put it on PATH`;
  let found: string;
  try {
    found = (await execa("go", ["env", "GOVERSION"], { env: goEnvironment() })).stdout.trim();
  } catch {
    throw new Error(`this computer: the lab's programs are built from source, and 'go' can't be run; ${remedy}`);
  }
  const numbers = (version: string): number[] => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [have, need] = [numbers(found), numbers(oldestGo)];
  const first = need.findIndex((number, index) => (have[index] ?? 0) !== number);
  if (first >= 0 && (have[first] ?? 0) < (need[first] ?? 0)) {
    throw new Error(`this computer: the lab's programs need Go ${oldestGo}, and ${found} was found; ${remedy}`);
  }
}

/** Deletes what compiling leaves behind: some 30 GB that nothing needs once the binaries are there. */
export function deleteGoCaches(): void {
  fs.rmSync(path.join(cacheRoot(), "go"), { recursive: true, force: true });
}

/** Bytes below which compiling is not started. The largest recipe leaves about as much. */
const neededSpace = 15e9;

/** Makes room for the next recipe if the disk is short: first the compiled packages go, which only save time. */
export function requireSpace(): void {
  const free = (): number => {
    const { bavail, bsize } = fs.statfsSync(cacheRoot());
    return bavail * bsize;
  };
  if (free() >= neededSpace) return;
  fs.rmSync(goCaches.packages(), { recursive: true, force: true });
  if (free() >= neededSpace) return;
  throw new Error(
    `this computer: building needs ${neededSpace / 1e9} GB in ${cacheRoot()}, and ${(free() / 1e9).toFixed(1)} GB are ` +
      "free; make room, or set HOMELAB_LAB_CACHE to a folder on a larger disk",
  );
}
