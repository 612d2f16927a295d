import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { dump, load } from "js-yaml";

/** sha256 of each chart by `<name>-<version>`, then by the name of the repository that it came from. */
type ChartLock = Record<string, Record<string, string>>;

export const LOCK_FILE = path.join("charts", "charts.lock.yaml");

export function readLock(): ChartLock {
  return existsSync(LOCK_FILE) ? ((load(readFileSync(LOCK_FILE, "utf8")) ?? {}) as ChartLock) : {};
}

export async function recordDigest(key: string, source: string, digest: string): Promise<void> {
  const lock = readLock();
  lock[key] = { ...lock[key], [source]: digest };
  const header = existsSync(LOCK_FILE) ? ((await readFile(LOCK_FILE, "utf8")).match(/^(#.*\n)*/)?.[0] ?? "") : "";
  await writeFile(LOCK_FILE, header + dump(lock, { sortKeys: true }));
}
