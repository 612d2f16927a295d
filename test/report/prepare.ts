import type { Tier } from "./tiers";
import { ensureMirrorWith, whyNoAddon } from "../../lab/addons/mirror";
import { type AddonName, addonNames } from "../../lab/addons/names";
import { ensureAllBinaries, type Group } from "../../lab/build/binaries";
import { phase, sayIn } from "../../cli/progress";
import { accelerator } from "../harness/machines/vm-accelerator";
import { ensureVmTree, type VmRelease, whyNoVms } from "../harness/machines/vm-tree";
import { installMissing, LAB_NEEDS, requireRoot } from "../../cli/workstation";

/** Makes what tiers need before their first test: compiling it takes longer than any test may. */
export async function prepare(tiers: readonly Tier[]): Promise<void> {
  const needs = tiers.map((tier) => tier.needs);
  // An API server without machines is the engine tier's; machines bring theirs with the mirror.
  const groups: Group[] = needs.includes("engine") ? ["engine", "etcd", "kubernetes"] : ["engine"];
  if (needs.some(Boolean)) await phase("engine", (running) => ensureAllBinaries(groups, sayIn(running)));
  if (!needs.includes("machines")) return;
  await installMissing(LAB_NEEDS);
  await requireRoot("machines on this workstation");
  await prepareVms(tiers.flatMap(({ name }) => VM_RELEASES[name] ?? []));
  const addons = tiers.some(({ name }) => name === "cluster") ? addonNames : [];
  await phase("mirror of packages, images and charts", async (running) => {
    const built: AddonName[] = [];
    await ensureMirrorWith(built, sayIn(running));
    for (const name of addons) {
      // Asked before each: the one before it took time of the run.
      if (whyNoAddon(name)) continue;
      built.push(name);
      await ensureMirrorWith(built, sayIn(running));
    }
  });
}

/** Debian's releases of the machines with a kernel of their own, by tier. */
const VM_RELEASES: Readonly<Record<string, readonly VmRelease[]>> = {
  vm: ["trixie"],
  "e2e-vm": ["bookworm", "trixie"],
};

/** Makes the trees of machines with a kernel of their own, and says how such a machine runs here. */
async function prepareVms(releases: readonly VmRelease[]): Promise<void> {
  if (releases.length === 0 || whyNoVms() !== undefined) return;
  await phase("machines with a kernel of their own", async (running) => {
    for (const release of releases) {
      const how = accelerator((await ensureVmTree(release)).kernel);
      const words = how.kind === "tcg" ? `emulated, because ${how.why}` : "KVM";
      running.title(`machines with a kernel of their own: ${words}`);
    }
  });
}
