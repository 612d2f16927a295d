import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { Failure } from "../run-program";

/** Name of the cache's folder, whichever folder it is in. */
const NAME = "homelab-lab";

/** A file that only the lab writes: nothing is deleted in a folder without it. */
const MARKER = ".homelab-lab-cache";

const MARKER_TEXT = `This folder is the cache of homelab's lab. \`make clean-cache\` deletes it with everything in it.\n`;

/** What is in the folder of a cache from before there was a marker. */
const FORMER = /^(go|logs|unfinished|build\.lock|build\.lock\.holder|times\.tsv|engine|(tried-)?released-cli.*)$/;
const FORMER_ARTEFACT = /^(binaries|mirror|addon|debian|multipass|vm)(-.+)?$/;

/**
 * Where the lab keeps what it builds, outside the checkout: `homelab-lab` in the folder that `HOMELAB_LAB_CACHE` names, else in
 * the user's cache folder. The named folder is the user's own, as `/mnt/data` or `$HOME`, so the lab keeps to one below it; only
 * a folder of that name is taken itself.
 *
 * @throws Failure where it belongs to another user, whose programs would run as root in the lab's machines
 */
export function cacheRoot(): string {
  const parent = process.env.HOMELAB_LAB_CACHE || process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  const folder = path.resolve(parent);
  const root = path.basename(folder) === NAME ? folder : path.join(folder, NAME);
  refuseOthersFolder(root);
  return root;
}

/**
 * Makes the cache's folder where it is missing, and marks it as the lab's. Returns it.
 *
 * @throws Failure where the folder has other files
 */
export function openCache(): string {
  const root = cacheRoot();
  fs.mkdirSync(root, { recursive: true });
  // One look: another process may be doing the same.
  const names = fs.readdirSync(root);
  if (names.includes(MARKER)) return root;
  const others = names.filter((name) => !FORMER.test(name) && !FORMER_ARTEFACT.test(name)).sort();
  if (others.length > 0) {
    throw new Failure(
      `${root} has files that are not the lab's (${others.slice(0, 3).join(", ")}); nothing in it was touched`,
      "Set HOMELAB_LAB_CACHE to another folder: the lab makes its own below it. Or move these files away.",
    );
  }
  fs.writeFileSync(path.join(root, MARKER), MARKER_TEXT);
  return root;
}

function refuseOthersFolder(root: string): void {
  const uid = fs.statSync(root, { throwIfNoEntry: false })?.uid;
  if (uid === undefined || trustedUsers().includes(uid)) return;
  throw new Failure(
    `${root} belongs to another user (id ${uid}), whose programs would run as root in the lab's machines`,
    `Set HOMELAB_LAB_CACHE to a folder of your own; or, where it is yours: sudo chown -R "$(id -u)" ${root}`,
  );
}

/** Ids of the users who may do on this workstation what this process may: itself, root, and who called it by sudo. */
export function trustedUsers(environment: NodeJS.ProcessEnv = process.env): number[] {
  const called = environment.SUDO_UID ? [Number(environment.SUDO_UID)] : [];
  return [process.getuid?.() ?? 0, 0, ...called];
}

/**
 * Deletes something in the cache, or all of it: the only place where the lab deletes what it has built. What is not there counts
 * as deleted.
 *
 * @throws Failure where the place is not in the cache, or its folder is not marked as the lab's
 */
export function deleteFromCache(place: string): void {
  const root = cacheRoot();
  const inside = path.relative(root, path.resolve(place));
  if (inside.startsWith("..") || path.isAbsolute(inside)) throw new Failure(`${place} is not in the cache ${root}`);
  if (!fs.existsSync(root)) return;
  openCache();
  fs.rmSync(place, { recursive: true, force: true });
}
