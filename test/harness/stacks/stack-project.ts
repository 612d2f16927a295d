import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { copyCheckout } from "./checkout-copy";
import { CHECKOUT } from "./lab-settings";

/** Which project a stack of a test runs: the checkout itself where neither is said. */
export interface ProjectArgs {
  /** Another program than index.ts, as a path in the checkout: one that makes a part of what the real one makes. */
  program?: string;
  /** The program runs in a copy of the checkout, `project`: a test may change its files, and use the commands of `make` there. */
  copy?: boolean;
}

/** What a project that only looks like the checkout has of it. */
const LINKED = ["node_modules", "package.json", "providers", "tsconfig.json"];

/** The folder of the project that runs, and the one for its settings, below the stack's own folder. */
export function projectOf(folder: string, { program, copy }: ProjectArgs): { project: string; settings: string } {
  if (!copy) return { project: program ? folder : CHECKOUT, settings: folder };
  const project = path.join(folder, "checkout");
  return { project, settings: project };
}

/** Makes what `projectOf` names. `stack init` writes the salt of the passphrase beside Pulumi.yaml: not into the checkout. */
export async function makeProject(folder: string, { program, copy }: ProjectArgs): Promise<void> {
  await writeFile(path.join(folder, "Pulumi.yaml"), await readFile(path.join(CHECKOUT, "Pulumi.yaml")));
  if (program) {
    for (const entry of LINKED) await symlink(path.join(CHECKOUT, entry), path.join(folder, entry));
    await symlink(path.join(CHECKOUT, program), path.join(folder, "index.ts"));
  }
  if (copy) {
    const { project } = projectOf(folder, { copy });
    await mkdir(project);
    await copyCheckout(project);
  }
}
