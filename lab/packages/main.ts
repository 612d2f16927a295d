import * as fs from "node:fs";
import * as path from "node:path";

import { checkImage, versions } from "../../versions";
import { ensureAllBinaries, keyFor } from "../build/binaries";
import { cached, keyOf } from "../build/cache";
import { cacheRoot } from "../build/cache-folder";
import { withBuildLock } from "../build/lock";
import type { Say } from "../build/progress";
import { labVersions } from "../build/versions";
import { must } from "../run-program";
import { buildDockerRepository, buildKubernetesRepository } from "./apt-repositories";
import { buildCharts } from "./charts";
import { ensureDebianBase } from "./debian-base";
import { images } from "./images";
import { signingFingerprint } from "./signing";

/** What the mirror is made of, in the order in which a cold cache is best filled. */
const groups = ["mirror", "kubernetes", "containerd", "etcd", "coredns", "cni", "pause", "crictl", "cilium"] as const;

/** Folder of binaries of each group. */
export type MirrorSources = Readonly<Record<(typeof groups)[number], string>>;

/** File name of the server and packing tool among the binaries of the group `mirror`. */
export const mirrorProgramName = "homelab-mirror";

/**
 * Makes sure that the root of the lab's mirror is in the cache: `apt/`, `charts/`, `registry/`. Builds what is missing of
 * the binaries first. Needs dpkg-deb, mmdebstrap and root where it is not cached. Returns the folder.
 */
export async function ensureMirror(say: Say = (line) => void process.stderr.write(`${line}\n`)): Promise<string> {
  const binaries = groups.map((group) => keyFor(group));
  const recipe = { versions, checkImage, labVersions, binaries, signedBy: signingFingerprint() };
  const key = keyOf(recipe, [__dirname]);
  const folder = path.join(cacheRoot(), "mirror", key);
  if (fs.existsSync(folder)) return folder;
  const sources = await ensureAllBinaries(groups, say);
  return withBuildLock("packing the mirror", say, () => {
    say("packing the mirror …");
    return cached("mirror", key, (root) => buildMirror(root, sources));
  });
}

/** Fills `root` with everything that the mirror serves. */
export async function buildMirror(root: string, sources: MirrorSources): Promise<void> {
  const program = path.join(sources.mirror, mirrorProgramName);
  const debian = await ensureDebianBase(program);
  const apt = path.join(root, "apt");
  await buildKubernetesRepository(apt, { ...sources, debian }, program);
  await buildDockerRepository(apt, { ...sources, debian }, program);
  await buildCharts(path.join(root, "charts"), [path.join(sources.cilium, "chart")], program);
  await must("building the images", program, ["images", "--layout", path.join(root, "registry")], {
    input: JSON.stringify(images({ ...sources, debian })),
  });
}
