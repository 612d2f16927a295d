import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { cached, keyOf } from "../../../lab/build/cache";
import { cacheRoot } from "../../../lab/build/cache-folder";
import { must } from "../../../lab/run-program";
import { missingRequirements } from "./requirements";

/** Releases of Debian that a machine with a kernel of its own can have, by their codenames: 12 and 13. */
export type VmRelease = "bookworm" | "trixie";

const RECIPE = path.join(__dirname, "vm-base.sh");

/** mmdebstrap takes two minutes on idle cores, and several beside a compiler. In seconds. */
const BUILD_LIMIT = 20 * 60;

/** What the recipe and the machines need of this workstation, and the package that has it. */
const NEEDS = {
  "qemu-system-x86_64": "qemu-system-x86",
  mmdebstrap: "mmdebstrap",
  "mkfs.ext4": "e2fsprogs",
  ip: "iproute2",
  "/dev/net/tun": "a kernel with CONFIG_TUN",
};

/** Why this workstation can't make machines with a kernel of their own, for the report; nothing where it can. */
export function whyNoVms(): string | undefined {
  if (process.arch !== "x64")
    return `machines with a kernel of their own need an x86-64 workstation, this is ${process.arch}`;
  return missingRequirements("making machines with a kernel of their own", NEEDS);
}

/** Absolute paths of what a machine is made of. */
export interface VmTree {
  /** The tree of a fresh host, as a tar file. */
  rootfs: string;
  kernel: string;
  initrd: string;
}

const artefactOf = (release: VmRelease) => `vm-${release}`;
const keyFor = (release: VmRelease) => keyOf({ release, recipe: readFileSync(RECIPE, "utf8") }, []);

/** Where they are, or will be. */
export function vmTreeOf(release: VmRelease): VmTree {
  const file = (name: string) => path.join(cacheRoot(), artefactOf(release), keyFor(release), name);
  return { rootfs: file("rootfs.tar"), kernel: file("vmlinuz"), initrd: file("initrd.img") };
}

/** The tree, kernel and initrd of a release; made at most once per workstation and recipe. */
export async function ensureVmTree(release: VmRelease): Promise<VmTree> {
  await cached(artefactOf(release), keyFor(release), async (result) => {
    // A tree has devices: not every temporary folder takes them.
    const work = await mkdtemp("/var/tmp/homelab-vm-tree-");
    try {
      const doing = `installing Debian ${release} for machines with a kernel of their own`;
      await must(doing, "bash", [RECIPE, release, result, work], { timeoutSeconds: BUILD_LIMIT });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return vmTreeOf(release);
}
