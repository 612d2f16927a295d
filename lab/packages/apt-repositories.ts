import * as fs from "node:fs";
import * as path from "node:path";

import { indexedPackage, packagesIndex, writeRelease } from "./apt-repository";
import { buildDeb, debianArchitecture } from "./deb";
import { containerdDeb, dockerSuites, kubernetesDebs, type BinaryFolders } from "./debs";
import { publicKey } from "./signing";

/** Builds `kubernetes/`, the lab's copy of pkgs.k8s.io's flat repository of one minor version, in `apt`. */
export async function buildKubernetesRepository(apt: string, folders: BinaryFolders, program: string): Promise<void> {
  const repository = path.join(apt, "kubernetes");
  const pool = path.join(repository, debianArchitecture());
  fs.mkdirSync(pool, { recursive: true });
  const packages = [];
  for (const deb of kubernetesDebs(folders)) packages.push(await indexedPackage(repository, await buildDeb(deb, pool)));
  await writeRelease(repository, { label: "Kubernetes" }, { Packages: packagesIndex(packages) }, program);
  fs.writeFileSync(path.join(repository, "Release.key"), await publicKey(program));
}

/** Builds `docker/`, the lab's copy of download.docker.com's repositories of Debian and Ubuntu, in `apt`. */
export async function buildDockerRepository(apt: string, folders: BinaryFolders, program: string): Promise<void> {
  const repository = path.join(apt, "docker");
  const architecture = debianArchitecture();
  for (const [suite, release] of Object.entries(dockerSuites)) {
    const pool = path.join(repository, "dists", suite, "pool", "stable", architecture);
    fs.mkdirSync(pool, { recursive: true });
    const deb = await buildDeb(containerdDeb(folders, release), pool);
    const index = packagesIndex([await indexedPackage(repository, deb)]);
    const fields = { label: "Docker CE", suite, components: ["stable"] };
    const indexes = { [`stable/binary-${architecture}/Packages`]: index };
    await writeRelease(path.join(repository, "dists", suite), fields, indexes, program);
  }
  fs.writeFileSync(path.join(repository, "gpg"), await publicKey(program));
}
