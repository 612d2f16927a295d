import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { cached, keyOf } from "../../../lab/build/cache";
import { must } from "../../../lab/run-program";
import { missingRequirements } from "./requirements";

const RECIPE = path.join(__dirname, "metal-hosts-base.sh");

/** What the recipe and the hosts need of this workstation, and the package that has it. */
const NEEDS = {
  "lxc-start": "lxc",
  "/usr/share/lxc/templates/lxc-debian": "lxc-templates",
  debootstrap: "debootstrap",
  rsync: "rsync",
  ip: "iproute2",
};

/** Why this workstation can't make metal hosts, for the report; nothing where it can. */
export function whyNoMetalHosts(): string | undefined {
  return missingRequirements("making the hosts, which are LXC containers,", NEEDS);
}

/** The tree of a fresh host as a tar file; made at most once per workstation, in about three minutes. */
export async function ensureHostTree(): Promise<string> {
  const folder = await cached("metal-hosts", keyOf({ recipe: readFileSync(RECIPE, "utf8") }, []), async (result) => {
    // A tree has devices: not every temporary folder takes them.
    const work = await mkdtemp("/var/tmp/homelab-metal-tree-");
    try {
      await must("installing Debian for the metal hosts", "bash", [RECIPE, result, work]);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return path.join(folder, "rootfs.tar");
}
