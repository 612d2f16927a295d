import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** File with the id of the process that made a set of hosts. */
const OWNER = "owner.pid";

/** Makes the folder of a set of hosts. It is this process's: the next one removes the set where this one was killed. */
export async function makeOwned(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, OWNER), String(process.pid));
}

/** Removes the sets in a folder whose processes were killed. */
export async function removeForgotten(folder: string, remove: (set: string) => Promise<void>): Promise<void> {
  for (const set of await readdir(folder).catch(() => [])) {
    const pid = (await readFile(path.join(folder, set, OWNER), "utf8").catch(() => "")).trim();
    const runs = pid !== "" && (await readdir(`/proc/${pid}`).catch(() => [])).length > 0;
    if (!runs) await remove(set);
  }
}
